/** The audit of a large database ends: what it does grows with the payments, not with their square. */
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { migrate } from "../../store/migrations.ts";
import { PAYMENT_RULE_QUERIES } from "./audit-queries.ts";

const sqlite = new Database(":memory:");
migrate(sqlite);

test.each(Object.entries(PAYMENT_RULE_QUERIES))(
  "%s: no rows of one table are looked through for each of another",
  (_, query) => {
    const plan = sqlite.query<{ parent: number; detail: string }, []>(`EXPLAIN QUERY PLAN ${query}`).all();
    expect(plan.length).toBeGreaterThan(0);
    // What is scanned side by side, below the same line of the plan, is scanned one inside of the other.
    const scans = plan.filter(({ detail }) => detail.startsWith("SCAN")).map(({ parent }) => parent);
    expect(scans).toEqual([...new Set(scans)]);
  },
);
