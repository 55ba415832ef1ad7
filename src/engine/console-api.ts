import { accountPaymentSource } from "../modules/account-payments/search-queries.ts";
import { consoleApiRoutes } from "../modules/console-api/routes.ts";
import { consoleState } from "../modules/console-api/state.ts";
import { orderSource } from "../modules/orders/search-queries.ts";
import type { PaymentQueries } from "../modules/payments/queries.ts";
import { paymentSource } from "../modules/payments/search-queries.ts";
import { userPaymentSource } from "../modules/users/search-queries.ts";
import type { BuiltInServer } from "./built-in-server.ts";
import { type Live, processorCondition } from "./live.ts";
import type { Replica } from "./replica.ts";

/** The console's reads, over the sections whose payments it can search. */
export function consoleApi(replica: Replica, live: Live, payments: PaymentQueries, builtIn: BuiltInServer) {
  const { reader } = replica;
  return consoleApiRoutes({
    overview: live.overview,
    sources: [
      paymentSource(reader),
      orderSource(reader),
      userPaymentSource(reader),
      accountPaymentSource(reader),
    ],
    state: (nowMs) =>
      consoleState(
        {
          replica,
          summary: () => payments.summary(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY),
          breaker: (name) => processorCondition(replica, name).breaker,
          processorUrl: (name) => (builtIn.isBuiltIn(name) ? null : builtIn.urlOf(name)),
          live: () => ({ streams: live.events.hub.clientCount, longPolls: live.waits.size }),
        },
        nowMs,
      ),
  });
}
