import { sql } from "drizzle-orm";
import { foldText } from "../../domain/fold-text.ts";
import { parsePrice } from "../../domain/money.ts";
import type { StoreContext, StoreModule } from "../../store/module.ts";
import { SAMPLE_PRODUCTS } from "./sample-products.ts";
import { products } from "./table.ts";

export type CatalogueReply = {
  readonly kind: "filled";
  /** Products that were not there before. */
  readonly created: number;
};

/** The catalogue's writes; stock moves through StockWriter. */
export class CatalogueCommands implements StoreModule {
  readonly #insert;

  constructor({ orm }: Pick<StoreContext, "orm">) {
    this.#insert = orm
      .insert(products)
      .values({
        id: sql.placeholder("id"),
        name: sql.placeholder("name"),
        foldedName: sql.placeholder("folded"),
        priceTenThousandths: sql.placeholder("price"),
        quantity: sql.placeholder("quantity"),
        createdAtMs: sql.placeholder("now"),
        updatedAtMs: sql.placeholder("now"),
      })
      .onConflictDoNothing()
      .returning({ id: products.id })
      .prepare();
  }

  readonly commands = { "catalogue.fill": (_: unknown, nowMs: number) => this.#fill(nowMs) };

  /** What is there already stays as it is, sold and repriced pieces included. */
  #fill(nowMs: number): CatalogueReply {
    let created = 0;
    for (const [index, [name, price, quantity]] of SAMPLE_PRODUCTS.entries()) {
      const parsed = parsePrice(price);
      if (!parsed.ok) throw new Error(`the price of ${name} ${parsed.problem}`);
      const values = { name, folded: foldText(name), price: parsed.tenThousandths, quantity, now: nowMs };
      created += this.#insert.all({ id: index + 1, ...values }).length;
    }
    return { kind: "filled", created };
  }
}
