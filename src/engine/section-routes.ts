import { Elysia } from "elysia";
import { answerConsolePage, consoleRoutes, wantsPage } from "../console/routes.ts";
import { simulatorRoutes } from "../console/simulator-routes.ts";
import { AdminGuard } from "../http/admin-guard.ts";
import { problem } from "../http/errors.ts";
import { RETRY_LATER } from "../http/execution-problem.ts";
import { valid } from "../http/read-result.ts";
import { AccountPaymentAcceptor } from "../modules/account-payments/acceptor.ts";
import { rootRoute } from "../modules/account-payments/root-route.ts";
import { accountPaymentRoutes } from "../modules/account-payments/routes.ts";
import { CatalogueQueries } from "../modules/catalogue/queries.ts";
import { catalogueRoutes } from "../modules/catalogue/routes.ts";
import { DeadLetterQueries } from "../modules/dead-letters/queries.ts";
import { deadLetterRoutes } from "../modules/dead-letters/routes.ts";
import { eventRoutes } from "../modules/events/routes.ts";
import { CreatingCalls } from "../modules/idempotency/creating-calls.ts";
import { LedgerQueries } from "../modules/ledger/queries.ts";
import { CardSeal } from "../modules/orders/card-seal.ts";
import { OrderQueries } from "../modules/orders/queries.ts";
import { orderRoutes, readRequeueCard } from "../modules/orders/routes.ts";
import { PaymentAcceptor } from "../modules/payments/accept.ts";
import { CounterQueries } from "../modules/payments/counter-queries.ts";
import { PaymentQueries } from "../modules/payments/queries.ts";
import { paymentRoutes } from "../modules/payments/routes.ts";
import { SummarySource } from "../modules/payments/summary-source.ts";
import { TopicQueries } from "../modules/topics/queries.ts";
import { topicRoutes } from "../modules/topics/routes.ts";
import { mockGatewayRoutes } from "../modules/users/mock-gateway-routes.ts";
import { UserQueries } from "../modules/users/queries.ts";
import { userRoutes } from "../modules/users/routes.ts";
import { WalletOperator } from "../modules/wallets/operator.ts";
import { WalletQueries } from "../modules/wallets/queries.ts";
import { walletRoutes } from "../modules/wallets/routes.ts";
import { attachKnownIds, knownIdsPathOf } from "../store/known-ids.ts";
import type { BuiltInServer } from "./built-in-server.ts";
import { consoleApi } from "./console-api.ts";
import { type Health, healthOf } from "./health.ts";
import type { Live } from "./live.ts";
import type { Replica } from "./replica.ts";

/** The routes of all sections, each with what it needs of this replica. */
export function sectionRoutes(replica: Replica, builtIn: BuiltInServer, live: Live) {
  const { settings, intake, state, reader } = replica;
  const guard = new AdminGuard({ token: settings.adminToken, open: settings.adminOpen });
  const unavailable = () =>
    state.trouble === null ? null : problem("STORAGE_UNAVAILABLE", { headers: RETRY_LATER });
  const calls = new CreatingCalls({ intake, unavailable });
  const parts = { replica, live, guard, unavailable, calls };
  const payments = new PaymentQueries(reader);
  const deadLetters = new DeadLetterQueries(reader);
  return new Elysia({ name: "sections" })
    .use(paymentSections(parts, payments))
    .use(ledgerSections(parts, deadLetters))
    .use(shopSections(parts, deadLetters))
    .use(eventRoutes(live.events.hub))
    .use(consoleApi(replica, live, payments, builtIn))
    .use(consoleRoutes(guard))
    .use(simulatorRoutes(builtIn, guard))
    .use(rootRoute((request) => (wantsPage(request) ? answerConsolePage(request) : null)))
    .use(mockGatewayRoutes(builtIn.mockGateway));
}

interface SectionParts {
  readonly replica: Replica;
  readonly live: Live;
  readonly guard: AdminGuard;
  readonly calls: CreatingCalls;
  /** Why nothing can be stored now, or null. */
  readonly unavailable: () => Response | null;
}

/** Sections A and D: two kinds of payment behind one path. */
function paymentSections(
  { replica, live, guard, calls, unavailable }: SectionParts,
  queries: PaymentQueries,
) {
  const { settings, intake, metrics, reader, counters } = replica;
  const { durability } = settings;
  const accounts = {
    acceptor: new AccountPaymentAcceptor({ intake, calls, durability, unavailable }),
    queries: live.accountPayments,
  };
  const knownIds = attachKnownIds(reader.sqlite, knownIdsPathOf(settings.databaseFile));
  const acceptor = new PaymentAcceptor({ intake, queries, knownIds, durability });
  const summaries = new SummarySource(queries, new CounterQueries(reader), counters, metrics);
  return new Elysia({ name: "payment-sections" })
    .use(
      paymentRoutes({ accounts, acceptor, queries, summaries, intake, guard, metrics, calls, unavailable }),
    )
    .use(accountPaymentRoutes({ queries: live.accountPayments, waits: live.waits, intake }));
}

/** Sections C and E: what lives on the ledger. */
function ledgerSections({ replica, calls, unavailable }: SectionParts, deadLetters: DeadLetterQueries) {
  const { settings, intake, reader } = replica;
  const ledger = new LedgerQueries(reader);
  return new Elysia({ name: "ledger-sections" })
    .use(
      userRoutes({
        calls,
        queries: new UserQueries(reader, ledger, deadLetters),
        health: () => userHealth(healthOf(replica, Date.now())),
      }),
    )
    .use(
      walletRoutes({
        calls,
        operator: new WalletOperator(intake),
        queries: new WalletQueries(reader, ledger),
        unavailable,
        isFrameDurable: settings.durability === "process",
      }),
    );
}

/** Section B, and the topics and dead letters that all sections share. */
function shopSections({ replica, guard, calls, unavailable }: SectionParts, deadLetters: DeadLetterQueries) {
  const { intake, reader, cardKey } = replica;
  const seal = new CardSeal(cardKey);
  return new Elysia({ name: "shop-sections" })
    .use(catalogueRoutes({ calls, queries: new CatalogueQueries(reader) }))
    .use(orderRoutes({ calls, queries: new OrderQueries(reader), seal }))
    .use(topicRoutes(new TopicQueries(reader)))
    .use(
      deadLetterRoutes({
        queries: deadLetters,
        intake,
        calls,
        guard,
        unavailable,
        readExtra: (source, subject, body) =>
          source === "orders" ? readRequeueCard(seal, subject, body) : valid(null),
      }),
    );
}

function userHealth({ ready, database }: Health): { ok: boolean; database: boolean } {
  return { ok: ready, database: database === "ok" };
}
