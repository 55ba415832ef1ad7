import { formatUuid } from "../../../src/domain/uuid.ts";
import { findBrokenRules } from "../../../src/modules/ledger/audit-queries.ts";
import { auditPayments } from "../../../src/modules/payments/audit-queries.ts";
import { type OpenDatabase, openReader } from "../../../src/store/database.ts";
import type { Gateways } from "./other-upstreams.ts";
import type { PaymentProcessor } from "./payment-processor.ts";
import { prepareOnce } from "./prepare-once.ts";

export interface PaymentRow {
  readonly id: string;
  readonly amountCents: number;
  readonly status: number;
  readonly processor: number;
  readonly requestedAtMs: number | null;
}

export interface UserPaymentRow {
  readonly key: string;
  readonly userId: number;
  readonly status: number;
  readonly type: number;
  readonly amountCents: number;
  readonly commissionCents: number;
  /** Of the hold of a withdrawal. */
  readonly heldCents: number | null;
  readonly holdStatus: number | null;
}

export interface Happenings {
  readonly holdsPosted: number;
  readonly holdsReleased: number;
  readonly reservationsSold: number;
  readonly reservationsExpired: number;
  readonly requeues: number;
  readonly attempts: number;
}

export interface DeadLetterRow {
  readonly id: number;
  readonly source: string;
  readonly subject: string;
  /** As FinalStates calls it. */
  readonly name: string;
}

export const STATUS = { pending: 0, settled: 1, dead: 2 } as const;

/** What the database says, for whoever judges it. A connection of its own, that only reads. */
export class Books {
  readonly database: OpenDatabase;

  constructor(databaseFile: string) {
    this.database = openReader(databaseFile);
    prepareOnce(this.database.sqlite);
  }

  close(): void {
    this.database.sqlite.close();
  }

  payments(): PaymentRow[] {
    return this.#all<Omit<PaymentRow, "id"> & { uuid: Uint8Array }>(
      `SELECT correlation_id AS uuid, amount_cents AS amountCents, status, processor,
              requested_at_ms AS requestedAtMs FROM payments`,
    ).map(({ uuid, ...row }) => ({ id: formatUuid(uuid, 0), ...row }));
  }

  operations(): { id: string; amountCents: number; type: number; status: number; accountId: number }[] {
    return this.#all<{
      uuid: Uint8Array;
      amountCents: number;
      type: number;
      status: number;
      accountId: number;
    }>(
      `SELECT id AS uuid, amount_cents AS amountCents, type, status, account_id AS accountId FROM wallet_operations`,
    ).map(({ uuid, ...row }) => ({ id: formatUuid(uuid, 0), ...row }));
  }

  userPayments(): UserPaymentRow[] {
    return this.#all<Omit<UserPaymentRow, "key"> & { uuid: Uint8Array }>(
      `SELECT p.uuid, p.status, p.type, p.amount_cents AS amountCents, p.commission_cents AS commissionCents,
              p.user_id AS userId, h.cents AS heldCents, h.status AS holdStatus
         FROM user_payments p LEFT JOIN ledger_holds h ON h.id = p.hold_id`,
    ).map(({ uuid, ...row }) => ({ key: formatUuid(uuid, 0), ...row }));
  }

  /** What users have, and what of it is held. */
  users(): { id: number; balanceCents: number; heldCents: number }[] {
    return this.#all(
      `SELECT u.id, a.balance_cents AS balanceCents, a.held_cents AS heldCents
         FROM users u JOIN ledger_accounts a ON a.id = u.account_id`,
    );
  }

  /** What an administrator could have tried again. */
  deadLetters(): DeadLetterRow[] {
    return this.#all<Omit<DeadLetterRow, "name"> & { uuid: Uint8Array | null }>(
      `SELECT l.id, l.source, l.subject, p.uuid FROM dead_letters l
         LEFT JOIN user_payments p ON l.source = 'users' AND p.id = l.subject WHERE l.is_open = 1`,
    ).map(({ uuid, ...row }) => ({
      ...row,
      name:
        uuid === null ? `${row.source.slice(0, -1)} ${row.subject}` : `user payment ${formatUuid(uuid, 0)}`,
    }));
  }

  orders(): { id: string; status: number; lastError: string | null }[] {
    return this.#all<{ uuid: Uint8Array; status: number; lastError: string | null }>(
      "SELECT id AS uuid, status, last_error AS lastError FROM orders",
    ).map(({ uuid, ...row }) => ({ id: formatUuid(uuid, 0), ...row }));
  }

  accountPayments(): { id: string; state: number }[] {
    return this.#all<{ uuid: Uint8Array; state: number }>(
      "SELECT id AS uuid, state FROM account_payments",
    ).map(({ uuid, ...row }) => ({ id: formatUuid(uuid, 0), ...row }));
  }

  walletAccount(uuid: string): number {
    const id = Buffer.from(uuid.replaceAll("-", ""), "hex");
    const row = this.database.sqlite
      .query<{ accountId: number }, [Uint8Array]>(
        "SELECT account_id AS accountId FROM wallets WHERE uuid = ?",
      )
      .get(id);
    return row?.accountId ?? 0;
  }

  /** How often the rarer things have come about, so that a run can be seen to have had them. */
  happenings(): Happenings {
    const [row] = this.#all<Happenings>(`SELECT
      (SELECT count(*) FROM ledger_holds WHERE status = 1) AS holdsPosted,
      (SELECT count(*) FROM ledger_holds WHERE status = 2) AS holdsReleased,
      (SELECT count(*) FROM reservations WHERE status = 2) AS reservationsSold,
      (SELECT count(*) FROM reservations WHERE status = 4) AS reservationsExpired,
      (SELECT count(*) FROM dead_letter_events WHERE event = 'requeued') AS requeues,
      (SELECT count(*) FROM task_attempts) AS attempts`);
    if (row === undefined) throw new Error("a query without a row");
    return row;
  }

  count(query: string): number {
    return this.database.sqlite.query<{ n: number }, []>(query).get()?.n ?? 0;
  }

  #all<Row>(query: string): Row[] {
    return this.database.sqlite.query<Row, []>(query).all();
  }
}

/** Rules that hold at every commit; each counts what breaks it. */
const ALWAYS: Readonly<Record<string, string>> = {
  "a reservation that holds nothing has ended, one that holds something has not": `
    SELECT count(*) AS n FROM reservations WHERE (held > 0) <> (status IN (0, 1, 2))`,
  "a hold belongs to one payment that is not final": `
    SELECT count(*) AS n FROM ledger_holds h WHERE h.status = 0
      AND (SELECT count(*) FROM user_payments p WHERE p.hold_id = h.id AND p.status IN (0, 1)) <> 1`,
  "a failed withdrawal's hold is released, a successful one's is posted": `
    SELECT count(*) AS n FROM user_payments p JOIN ledger_holds h ON h.id = p.hold_id
      WHERE (p.status = 2 AND h.status <> 1) OR (p.status = 3 AND h.status <> 2)`,
  "a task of a kind but payments is about something that is there and not final": `
    SELECT count(*) AS n FROM tasks t WHERE
      (t.kind = 2 AND NOT EXISTS (SELECT 1 FROM user_payments p WHERE p.id = t.subject AND p.status IN (0, 1))) OR
      (t.kind = 3 AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.seq = t.subject AND o.status IN (0, 1))) OR
      (t.kind = 4 AND NOT EXISTS (SELECT 1 FROM account_payments a WHERE a.seq = t.subject AND a.state = 0))`,
  "what is not final has exactly one task": `
    SELECT (SELECT count(*) FROM user_payments p WHERE p.status IN (0, 1)
              AND (SELECT count(*) FROM tasks t WHERE t.kind = 2 AND t.subject = p.id) <> 1)
         + (SELECT count(*) FROM orders o WHERE o.status IN (0, 1)
              AND (SELECT count(*) FROM tasks t WHERE t.kind = 3 AND t.subject = o.seq) <> 1)
         + (SELECT count(*) FROM account_payments a WHERE a.state = 0
              AND (SELECT count(*) FROM tasks t WHERE t.kind = 4 AND t.subject = a.seq) <> 1) AS n`,
  "offsets of a partition have no gaps": `
    SELECT count(*) AS n FROM topic_partitions p WHERE next_offset <>
      (SELECT count(*) FROM topic_messages m WHERE m.topic = p.topic AND m.partition = p.partition)
      OR next_offset <> 1 + (SELECT max(message_offset) FROM topic_messages m
                              WHERE m.topic = p.topic AND m.partition = p.partition)`,
  "every accepted order is in its queue, every authorized one is announced, once": `
    SELECT abs((SELECT count(*) FROM topic_messages WHERE topic = 1 AND headers NOT LIKE '%requeued%')
               - (SELECT count(*) FROM orders))
         + abs((SELECT count(*) FROM topic_messages WHERE topic = 3)
               - (SELECT count(*) FROM orders WHERE status = 2)) AS n`,
  "every account payment is announced, and every final one, once": `
    SELECT abs((SELECT count(*) FROM topic_messages WHERE topic = 6) - (SELECT count(*) FROM account_payments))
         + abs((SELECT count(*) FROM topic_messages WHERE topic = 7)
               - (SELECT count(*) FROM account_payments WHERE state > 0)) AS n`,
  "a wallet operation is applied if and only if the ledger has its transfer": `
    SELECT count(*) AS n FROM wallet_operations o WHERE (o.status = 1) <>
      EXISTS (SELECT 1 FROM ledger_transfers t WHERE t.id = o.id)`,
};

/** What must hold whenever anybody looks. @returns sentences about what does not */
export function checkAlways(books: Books, pieces: Map<number, number>): string[] {
  const { database } = books;
  const broken = [
    ...auditPayments(database).map(({ rule, found }) => `R6 ${rule}: ${found}`),
    ...findBrokenRules(database, 3).map((rule) => `R9 ${JSON.stringify(rule)}`),
  ];
  for (const [rule, query] of Object.entries(ALWAYS)) {
    const found = books.count(query);
    if (found !== 0) broken.push(`${rule}: broken ${found} times`);
  }
  const stock = database.sqlite
    .query<{ id: number; pieces: number }, []>(
      `SELECT p.id, p.quantity + coalesce((SELECT sum(held) FROM reservations WHERE product_id = p.id), 0) AS pieces
         FROM products p WHERE p.id <= 3`,
    )
    .all();
  for (const { id, pieces: found } of stock) {
    const before = pieces.get(id) ?? found;
    pieces.set(id, before);
    if (before !== found) broken.push(`R10 product ${id} had ${before} pieces and has ${found}`);
  }
  return broken;
}

/** Watches states that are never left, but for dead ones by an administrator's requeue. */
export class FinalStates {
  readonly #seen = new Map<string, { readonly state: string; readonly isDead: boolean }>();
  readonly #requeued: ReadonlySet<string>;

  /** @param requeued what an administrator has asked for */
  constructor(requeued: ReadonlySet<string>) {
    this.#requeued = requeued;
  }

  look(books: Books): string[] {
    const now = [
      ...books
        .payments()
        .filter((row) => row.status !== STATUS.pending)
        .map(({ id, ...row }) => [`payment ${id}`, JSON.stringify(row), row.status === STATUS.dead]),
      ...books
        .userPayments()
        .filter((row) => row.status > 1)
        .map(({ key, status }) => [`user payment ${key}`, String(status), status === 3]),
      ...books
        .orders()
        .filter((row) => row.status > 1)
        .map(({ id, status }) => [`order ${id}`, String(status), status === 3]),
      ...books
        .accountPayments()
        .filter((row) => row.state > 0)
        .map(({ id, state }) => [`account payment ${id}`, String(state), false]),
    ] as [string, string, boolean][];
    const broken: string[] = [];
    const found = new Set<string>();
    for (const [name, state, isDead] of now) {
      found.add(name);
      const before = this.#seen.get(name);
      if (before !== undefined && before.state !== state && !(before.isDead && this.#requeued.has(name)))
        broken.push(`R11 ${name} was ${before.state}, is ${state}`);
      this.#seen.set(name, { state, isDead });
    }
    for (const [name, { isDead }] of this.#seen) {
      if (found.has(name)) continue;
      // Only a purge takes payments of section A away.
      const mayBeLeft = name.startsWith("payment ") || (isDead && this.#requeued.has(name));
      if (!mayBeLeft) broken.push(`R11 ${name} was final and is so no more`);
      this.#seen.delete(name);
    }
    return broken;
  }
}

export interface Upstreams {
  readonly processors: Readonly<Record<"default" | "fallback", PaymentProcessor>>;
  readonly gateways: Gateways;
}
