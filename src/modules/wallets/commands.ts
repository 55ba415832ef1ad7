import { eq, sql } from "drizzle-orm";
import { exceedsBalanceLimit, type LedgerRefusal } from "../../domain/ledger.ts";
import { toAmount } from "../../domain/money.ts";
import { formatUuid, UUID_BYTES, uuidBytes } from "../../domain/uuid.ts";
import type { WalletOperationType, WalletOutcome } from "../../domain/wallet-operation.ts";
import { FRAME_KINDS } from "../../ring/frames.ts";
import { type EventSink, NO_EVENTS } from "../../store/event-sink.ts";
import type { IntakeFrame, StoreContext, StoreModule } from "../../store/module.ts";
import { onFirstUse } from "../../store/on-first-use.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { OUTSIDE_ACCOUNT } from "../ledger/system-accounts.ts";
import type { TopicWriter } from "../topics/topic-writer.ts";
import { readOperation, type WalletOperation } from "./operation-frame.ts";
import { OPERATION_STATUS, operationTypeNumber, walletOperations, wallets } from "./table.ts";

export interface CreateWallet {
  readonly uuid: string;
  readonly balanceCents: number;
  /** A UUID made for this call: the id of the opening transfer. */
  readonly transferId: string;
}

export interface Operate {
  readonly walletUuid: string;
  readonly operationId: string;
  readonly type: WalletOperationType;
  readonly amountCents: number;
  /** Whether the caller waits for the outcome; it decides the answer, also of a repeat. */
  readonly sync: boolean;
}

export type WalletReply =
  | { readonly kind: "created"; readonly uuid: string; readonly balanceCents: number }
  | { readonly kind: "balance_limit" }
  | { readonly kind: "unknown_wallet" }
  | {
      readonly kind: "operated";
      readonly walletUuid: string;
      readonly operationId: string;
      readonly sync: boolean;
      readonly outcome: WalletOutcome;
    };

const UUIDS_MAX = 4_096;

/** Section E's writes. The money itself is the ledger's. */
export class WalletCommands implements StoreModule {
  readonly #ledger: Ledger;
  readonly #topics: TopicWriter;
  readonly #metrics: StoreContext["metrics"];
  readonly #events: EventSink;
  readonly #statements;
  /** The id of the operation in a frame. SQLite copies it during the call, so one buffer serves all. */
  readonly #id = Buffer.alloc(UUID_BYTES);
  /** By account; true for ever, because a frame's wallet was committed before the frame was made. */
  readonly #uuids = new Map<number, string>();

  /** @param topics hears of every queued operation, in `operation_queue` */
  constructor(
    { orm, metrics, events }: Pick<StoreContext, "orm" | "metrics" | "events">,
    ledger: Ledger,
    topics: TopicWriter,
  ) {
    this.#ledger = ledger;
    this.#topics = topics;
    this.#metrics = metrics;
    this.#events = events ?? NO_EVENTS;
    this.#statements = onFirstUse(() => prepareStatements(orm));
  }

  readonly commands = {
    "wallets.create": (input: CreateWallet, nowMs: number) => this.#create(input, nowMs),
    "wallets.operate": (input: Operate, nowMs: number) => this.#operate(input, nowMs),
  };

  readonly frames = {
    [FRAME_KINDS.walletOperation]: (frame: IntakeFrame, nowMs: number) => {
      const operation = readOperation(frame, this.#id);
      this.#decide(operation);
      const { accountId, type, amountCents } = operation;
      this.#publish(this.#uuidOf(accountId), formatUuid(this.#id, 0), type, amountCents, nowMs);
    },
  };

  #create({ uuid, balanceCents, transferId }: CreateWallet, nowMs: number): WalletReply {
    const accountId = this.#ledger.open("wallet");
    if (balanceCents > 0) {
      const opened = this.#ledger.transfer({
        id: uuidBytes(transferId),
        kind: "opening",
        atMs: nowMs,
        entries: [
          { accountId, cents: balanceCents },
          { accountId: OUTSIDE_ACCOUNT, cents: -balanceCents },
        ],
      });
      // The new account has taken no money: it stays behind empty and unused.
      if (opened.kind !== "done") return { kind: "balance_limit" };
    }
    this.#statements.addWallet.run({ accountId, uuid: uuidBytes(uuid), atMs: nowMs });
    return { kind: "created", uuid, balanceCents };
  }

  #operate({ walletUuid, operationId, type, amountCents, sync }: Operate, nowMs: number): WalletReply {
    const wallet = this.#statements.findWallet.get({ uuid: uuidBytes(walletUuid) });
    if (wallet === undefined) return { kind: "unknown_wallet" };
    const id = uuidBytes(operationId);
    const outcome = this.#decide({
      id,
      accountId: wallet.accountId,
      amountCents,
      acceptedAtMs: nowMs,
      type,
    });
    if (!sync) this.#publish(walletUuid, operationId, type, amountCents, nowMs);
    return { kind: "operated", walletUuid, operationId, sync, outcome };
  }

  #publish(
    walletUuid: string,
    operationId: string,
    operationType: WalletOperationType,
    amountCents: number,
    nowMs: number,
  ): void {
    const amount = toAmount(amountCents);
    const value = { operation_id: operationId, wallet_uuid: walletUuid, operationType, amount };
    this.#topics.append("operation_queue", walletUuid, value, {}, nowMs);
  }

  #uuidOf(accountId: number): string {
    const known = this.#uuids.get(accountId);
    if (known !== undefined) return known;
    const row = this.#statements.findUuid.get({ accountId });
    if (row === undefined) throw new Error(`there is no wallet with the account ${accountId}`);
    const uuid = formatUuid(row.uuid, 0);
    if (this.#uuids.size >= UUIDS_MAX) this.#uuids.clear();
    this.#uuids.set(accountId, uuid);
    return uuid;
  }

  /** Applies or rejects an operation, and keeps which. */
  #decide(operation: WalletOperation): WalletOutcome {
    const { id, accountId, type, amountCents, acceptedAtMs } = operation;
    const reason = this.#move(operation);
    this.#metrics.increment("wallet_operations", reason === null ? "applied" : "rejected");
    const { balanceCents } = this.#ledger.account(accountId);
    this.#statements.addOperation.run({
      accountId,
      id,
      type: operationTypeNumber(type),
      amountCents,
      status: reason === null ? OPERATION_STATUS.applied : OPERATION_STATUS.rejected,
      reason,
      balanceAfterCents: balanceCents,
      atMs: acceptedAtMs,
    });
    this.#tell(operation, reason, balanceCents);
    return reason === null ? { kind: "applied", balanceCents } : { kind: "rejected", reason, balanceCents };
  }

  #tell(operation: WalletOperation, reason: LedgerRefusal | null, balanceCents: number): void {
    if (!this.#events.wants("wallet.operation")) return;
    const { id, type, amountCents, acceptedAtMs } = operation;
    const fields = {
      id: formatUuid(id, 0),
      operationType: type,
      amount: toAmount(amountCents),
      status: reason === null ? "applied" : "rejected",
      balance: toAmount(balanceCents),
    };
    this.#events.emit("wallet.operation", fields, acceptedAtMs);
  }

  #move({ id, accountId, type, amountCents, acceptedAtMs }: WalletOperation): LedgerRefusal | null {
    const isDeposit = type === "DEPOSIT";
    if (isDeposit && exceedsBalanceLimit(this.#ledger.account(accountId), amountCents))
      return "balance_limit";
    const cents = isDeposit ? amountCents : -amountCents;
    const moved = this.#ledger.transfer({
      id,
      kind: isDeposit ? "walletDeposit" : "walletWithdrawal",
      atMs: acceptedAtMs,
      entries: [
        { accountId, cents },
        { accountId: OUTSIDE_ACCOUNT, cents: -cents },
      ],
    });
    // Ids are made per operation, and a frame is taken in once.
    if (moved.kind === "exists") throw new Error("an operation was applied before");
    return moved.kind === "done" ? null : moved.reason;
  }
}

function prepareStatements(orm: StoreContext["orm"]) {
  return {
    addWallet: orm
      .insert(wallets)
      .values({
        accountId: sql.placeholder("accountId"),
        uuid: sql.placeholder("uuid"),
        createdAtMs: sql.placeholder("atMs"),
      })
      .prepare(),
    findWallet: orm
      .select({ accountId: wallets.accountId })
      .from(wallets)
      .where(eq(wallets.uuid, sql.placeholder("uuid")))
      .prepare(),
    findUuid: orm
      .select({ uuid: wallets.uuid })
      .from(wallets)
      .where(eq(wallets.accountId, sql.placeholder("accountId")))
      .prepare(),
    addOperation: orm
      .insert(walletOperations)
      .values({
        accountId: sql.placeholder("accountId"),
        id: sql.placeholder("id"),
        type: sql.placeholder("type"),
        amountCents: sql.placeholder("amountCents"),
        status: sql.placeholder("status"),
        reason: sql.placeholder("reason"),
        balanceAfterCents: sql.placeholder("balanceAfterCents"),
        createdAtMs: sql.placeholder("atMs"),
      })
      .prepare(),
  };
}
