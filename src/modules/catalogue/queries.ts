import { eq, sql } from "drizzle-orm";
import { foldText } from "../../domain/fold-text.ts";
import { toPrice } from "../../domain/price.ts";
import { formatTimestamp } from "../../domain/timestamp.ts";
import type { OpenDatabase } from "../../store/database.ts";
import { onFirstUse } from "../../store/on-first-use.ts";
import { products } from "./table.ts";

export interface ProductView {
  readonly id: number;
  readonly name: string;
  readonly price: number;
  readonly quantity: number;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** Products in one answer, at most (CONTRACTS, section B). */
const PRODUCTS_MAX = 100;
/** The index knows sequences of three characters; shorter searches look at every name. */
const INDEXED_LENGTH_MIN = 3;

/** Reads of the catalogue, on main's own connection. */
export class CatalogueQueries {
  readonly #statements;

  constructor({ orm }: OpenDatabase) {
    this.#statements = onFirstUse(() => prepareStatements(orm));
  }

  all(): ProductView[] {
    return this.#statements.all.all().map(viewOf);
  }

  byId(id: number): ProductView[] {
    return this.#statements.byId.all({ id }).map(viewOf);
  }

  /** Products whose name contains `text`, whatever its letter case and accents, in the order of their ids. */
  byName(text: string): ProductView[] {
    const folded = foldText(text);
    const isIndexed = [...folded].length >= INDEXED_LENGTH_MIN;
    // In quotes it is text to be found and no expression of the query language; a quote inside is doubled.
    const rows = isIndexed
      ? this.#statements.search.all({ phrase: `"${folded.replaceAll('"', '""')}"` })
      : this.#statements.contains.all({ folded });
    return rows.map(viewOf);
  }
}

function viewOf(row: typeof products.$inferSelect): ProductView {
  return {
    id: row.id,
    name: row.name,
    price: toPrice(row.priceTenThousandths),
    quantity: row.quantity,
    createdAt: formatTimestamp(row.createdAtMs),
    updatedAt: formatTimestamp(row.updatedAtMs),
  };
}

function prepareStatements(orm: OpenDatabase["orm"]) {
  const found = sql`${products.id} IN (SELECT rowid FROM product_search WHERE product_search MATCH ${sql.placeholder("phrase")})`;
  const select = () => orm.select().from(products);
  return {
    all: select().orderBy(products.id).limit(PRODUCTS_MAX).prepare(),
    byId: select()
      .where(eq(products.id, sql.placeholder("id")))
      .prepare(),
    search: select().where(found).orderBy(products.id).limit(PRODUCTS_MAX).prepare(),
    contains: select()
      .where(sql`instr(${products.foldedName}, ${sql.placeholder("folded")}) > 0`)
      .orderBy(products.id)
      .limit(PRODUCTS_MAX)
      .prepare(),
  };
}
