import { Database } from "bun:sqlite";
import type { Exchange } from "./connection.ts";
import type { FuzzRequest } from "./request-maker.ts";

/** Rows that each granted call makes, by the field of the answer that names them. */
const KINDS = [
  { route: "POST /payments", field: "correlationId", table: "payments" },
  { route: "POST /payments", field: "paymentId", table: "account_payments" },
  { route: "POST /api/v1/users", field: "id", table: "users" },
  { route: "POST /api/v1/wallets/", field: "wallet_uuid", table: "wallets" },
  { route: "POST /reserve", field: "reserve_id", table: "reservations" },
  { route: "POST /payment", field: "payment_id", table: "orders" },
] as const;

/**
 * What the answers say must be in the database, and nothing else: a granted call is there once, a refused one is
 * not. Only a call without an outcome (503, no answer) may or may not be there.
 */
export class StoredThings {
  readonly #granted = new Map<string, Set<string>>();
  readonly #uncertain = new Map<string, number>();

  /** Takes one answer in. */
  expect({ operation, method }: FuzzRequest, exchange: Exchange): void {
    const status = exchange.kind === "answered" ? exchange.answer.status : 0;
    const route = `${method} ${operation.path}`;
    for (const kind of KINDS) {
      if (kind.route !== route) continue;
      if (status === 0 || status === 503) {
        this.#uncertain.set(kind.table, (this.#uncertain.get(kind.table) ?? 0) + 1);
      }
      if (exchange.kind !== "answered" || status >= 300) continue;
      const body: unknown = JSON.parse(exchange.answer.body);
      if (typeof body !== "object" || body === null || !Object.hasOwn(body, kind.field)) continue;
      const ids = this.#granted.get(kind.table) ?? new Set();
      // The kind's field is there, as was just seen.
      this.#granted.set(kind.table, ids.add(String((body as Record<string, unknown>)[kind.field])));
    }
  }

  /** What the database has more or less than was granted. */
  findDifferences(databaseFile: string): string[] {
    const database = new Database(databaseFile, { readonly: true });
    try {
      return KINDS.flatMap(({ table }) => {
        const granted = this.#granted.get(table)?.size ?? 0;
        const uncertain = this.#uncertain.get(table) ?? 0;
        const row = database.query<{ count: number }, []>(`SELECT count(*) AS count FROM ${table}`).get();
        const count = row?.count ?? 0;
        if (count >= granted && count <= granted + uncertain) return [];
        return [`${table}: ${count} rows, ${granted} granted, ${uncertain} uncertain`];
      });
    } finally {
      database.close();
    }
  }
}
