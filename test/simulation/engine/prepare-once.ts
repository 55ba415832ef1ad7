import type { Database, SQLQueryBindings, Statement } from "bun:sqlite";

/** The statements of a life are some hundreds; texts that are made anew each time would be without end. */
const STATEMENTS_MAX = 1_000;

type AnyStatement = Statement<unknown, SQLQueryBindings[]>;

/** Compiles each text once per connection: drizzle does so at every execution of a query that is not prepared. */
export function prepareOnce(sqlite: Database): void {
  const prepare = sqlite.prepare.bind(sqlite);
  const statements = new Map<string, AnyStatement>();
  const prepareKnown = (text: string, ...rest: []): AnyStatement => {
    const known = statements.get(text);
    if (known !== undefined) return known;
    const statement = prepare<unknown, SQLQueryBindings[]>(text, ...rest);
    if (statements.size < STATEMENTS_MAX) statements.set(text, statement);
    return statement;
  };
  // The types of rows and parameters are the caller's.
  sqlite.prepare = prepareKnown as typeof prepare;
}
