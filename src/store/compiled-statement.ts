import type { Database, SQLQueryBindings, Statement } from "bun:sqlite";
import { is, Param, Placeholder, type Query } from "drizzle-orm";

/** A query built with drizzle; what its `prepare` is called on. */
interface BuiltQuery {
  toSQL(): Query;
}

/** A statement whose arguments are given by position, in the order of the names that it was compiled with. */
export type CompiledStatement<Row> = Statement<Row, SQLQueryBindings[]>;

/**
 * Prepares a query that drizzle has built, to be run without drizzle: for the few statements that run once per
 * payment, where filling placeholders and mapping rows costs more time and garbage than SQLite takes.
 *
 * Values go in and rows come out as SQLite has them: a row's members have the names of the columns.
 *
 * @example compile<{ id: number }>(orm, orm.select({ id: tasks.id }).from(tasks).where(eq(tasks.id, sql.placeholder("id"))), ["id"]).get(7)
 * @throws Error if the query has a placeholder that `names` does not list, or a constant that is no number
 */
export function compile<Row = never>(
  orm: { readonly $client: Database },
  query: BuiltQuery,
  names: readonly string[],
): CompiledStatement<Row> {
  const { sql, params } = query.toSQL();
  let index = 0;
  // Our queries have no text literals, so every question mark is a parameter.
  const numbered = sql.replaceAll("?", () => parameterText(params[index++], names));
  return orm.$client.prepare<Row, SQLQueryBindings[]>(numbered);
}

function parameterText(parameter: unknown, names: readonly string[]): string {
  const value: unknown = is(parameter, Param) ? parameter.value : parameter;
  if (value === null) return "NULL";
  if (typeof value === "number") return String(value);
  if (!is(value, Placeholder)) throw new Error("only numbers may stand in a compiled query as constants");
  const position = names.indexOf(value.name) + 1;
  if (position === 0)
    throw new Error(`the compiled query has a placeholder that is not listed: ${value.name}`);
  return `?${position}`;
}
