import { and, eq, gte, sql } from "drizzle-orm";
import type { TenThousandths } from "../../domain/money.ts";
import type { StoreContext } from "../../store/module.ts";
import { onFirstUse } from "../../store/on-first-use.ts";
import { products } from "./table.ts";

export interface StockedProduct {
  readonly name: string;
  readonly price: TenThousandths;
  readonly quantity: number;
}

/** What the module of orders needs of the catalogue, inside its transaction. */
export class StockWriter {
  readonly #statements;

  constructor({ orm }: Pick<StoreContext, "orm">) {
    this.#statements = onFirstUse(() => prepareStatements(orm));
  }

  find(productId: number): StockedProduct | null {
    const row = this.#statements.find.get({ id: productId });
    if (row === undefined) return null;
    // The cast: migration and catalogue only ever store prices that parsePrice gave.
    return { ...row, price: row.price as TenThousandths };
  }

  /** Takes pieces out of stock. @returns false, and nothing is changed, if there are fewer */
  take(productId: number, quantity: number, nowMs: number): boolean {
    return this.#statements.take.all({ id: productId, quantity, now: nowMs }).length > 0;
  }

  /** Puts pieces back. */
  giveBack(productId: number, quantity: number, nowMs: number): void {
    if (quantity > 0) this.#statements.giveBack.run({ id: productId, quantity, now: nowMs });
  }
}

function prepareStatements(orm: StoreContext["orm"]) {
  const id = sql.placeholder("id");
  const quantity = sql.placeholder("quantity");
  const updatedAtMs = sql`${sql.placeholder("now")}`;
  return {
    find: orm
      .select({ name: products.name, price: products.priceTenThousandths, quantity: products.quantity })
      .from(products)
      .where(eq(products.id, id))
      .prepare(),
    take: orm
      .update(products)
      .set({ quantity: sql`${products.quantity} - ${quantity}`, updatedAtMs })
      .where(and(eq(products.id, id), gte(products.quantity, quantity)))
      .returning({ id: products.id })
      .prepare(),
    giveBack: orm
      .update(products)
      .set({ quantity: sql`${products.quantity} + ${quantity}`, updatedAtMs })
      .where(eq(products.id, id))
      .prepare(),
  };
}
