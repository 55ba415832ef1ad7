import { type OpenDatabase, openReader } from "../../src/store/database.ts";

/** Tables in which every row was made by a request of the load, or by the store for one. */
type CountedTable = "orders" | "reservations" | "user_payments" | "account_payments" | "wallet_operations";

/** What no route tells: rows that nobody knows of, and both sides of a reservation. The replicas still run. */
export class DatabaseReader {
  readonly #database: OpenDatabase;

  constructor(file: string) {
    this.#database = openReader(file);
  }

  count(table: CountedTable): number {
    const query = this.#database.sqlite.query<{ rows: number }, []>(`SELECT count(*) AS rows FROM ${table}`);
    return query.get()?.rows ?? 0;
  }

  /** Reservations that nobody has paid and that have not expired (domain/reservation.ts numbers the states). */
  openReservations(): number {
    const query = this.#database.sqlite.query<{ rows: number }, []>(
      "SELECT count(*) AS rows FROM reservations WHERE status IN (0, 1)",
    );
    return query.get()?.rows ?? 0;
  }

  /** Pieces that are reserved, ordered or sold, by product. */
  heldPieces(): Map<number, number> {
    const query = this.#database.sqlite.query<{ product: number; held: number }, []>(
      "SELECT product_id AS product, sum(held) AS held FROM reservations GROUP BY product_id",
    );
    return new Map(query.all().map(({ product, held }) => [product, held]));
  }

  /** Reservations that are not what their order makes of them (the same numbers). */
  reservationContradictions(): string[] {
    const query = this.#database.sqlite.query<
      { id: string; status: number; held: number; ordered: number },
      []
    >(
      `SELECT lower(hex(r.id)) AS id, r.status, r.held, coalesce(o.status, -1) AS ordered
         FROM reservations r LEFT JOIN orders o ON o.reservation_id = r.id
        WHERE NOT ((r.status = 4 AND r.held = 0 AND o.id IS NULL)
                OR (r.status = 2 AND r.held > 0 AND o.status = 2)
                OR (r.status = 3 AND r.held = 0 AND o.status = 3))`,
    );
    return query
      .all()
      .map(
        ({ id, status, held, ordered }) =>
          `reservation ${id}: state ${status}, holds ${held}, order ${ordered}`,
      );
  }

  close(): void {
    this.#database.sqlite.close();
  }
}
