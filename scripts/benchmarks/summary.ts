import { Database } from "bun:sqlite";
import { join } from "node:path";
import { CounterQueries } from "../../src/modules/payments/counter-queries.ts";
import { PaymentQueries, type PaymentsSummary } from "../../src/modules/payments/queries.ts";
import { openReader } from "../../src/store/database.ts";
import { type Family, repeat } from "./family.ts";
import { GeneratedPayments } from "./generated-payments.ts";
import { writePayments } from "./payment-writer.ts";
import { makeDirectory, removeDirectory } from "./processes.ts";
import { randomWindow, type Window } from "./random-windows.ts";

/** Windows per second through the product's own queries, without HTTP. */
const STORED = 200_000;
const QUICK_STORED = 10_000;
const WINDOWS = 20_000;
/** The yardstick looks at every payment of its windows. */
const RAW_WINDOWS = 100;
const DAYS = 30;
const CACHE_MB = 256;

export const summary: Family = {
  name: "summary",
  about: "summary windows/s of the queries alone, beside adding up the payments themselves",
  seconds: 40,
  run: async (effort) => {
    const stored = effort.isQuick ? QUICK_STORED : STORED;
    const directory = makeDirectory();
    try {
      const file = join(directory, "catraca.db");
      const firstAtMs = generate(file, stored);
      const rounds = await repeat(effort, async () => {
        const less = effort.isQuick ? 10 : 1;
        const windows = (count: number) =>
          Array.from({ length: count / less }, () => randomWindow(firstAtMs, DAYS, Math.random));
        return {
          ours: summariesPerSecond(file, windows(WINDOWS)),
          raw: rawPerSecond(file, windows(RAW_WINDOWS)),
        };
      });
      return {
        figures: [
          {
            name: "summary: windows, without HTTP",
            unit: "/s",
            values: rounds.map(({ ours }) => ours),
            yardstick: {
              name: "adding up the payments over an index on their time",
              values: rounds.map(({ raw }) => raw),
            },
            goal: null,
            note: `random windows of ${DAYS} days with ${stored.toLocaleString("en-US")} payments`,
          },
        ],
      };
    } finally {
      removeDirectory(directory);
    }
  },
};

/** @returns the time of the first payment */
function generate(file: string, count: number): number {
  const plan = { count, seed: 1, lastAtMs: Date.now(), days: DAYS };
  const payments = new GeneratedPayments(plan, { default: 0.05, fallback: 0.15 });
  writePayments(file, payments, CACHE_MB, () => {});
  const sqlite = new Database(file);
  // For the yardstick: the product has no such index.
  sqlite.run("CREATE INDEX payments_by_time ON payments (requested_at_ms, processor, amount_cents)");
  sqlite.close();
  return payments.firstAtMs;
}

/** As SummarySource without Redis. Exported for scripts/profile. */
export function summariesPerSecond(file: string, windows: readonly Window[]): number {
  const database = openReader(file);
  const [queries, counters] = [new PaymentQueries(database), new CounterQueries(database)];
  const read = ({ fromMs, toMs }: Window) => counters.atOneMoment(() => queries.summary(fromMs, toMs));
  checkAgainstPayments(database.sqlite, read);
  const startedAt = performance.now();
  for (const window of windows) read(window);
  const seconds = (performance.now() - startedAt) / 1000;
  database.sqlite.close();
  return windows.length / seconds;
}

const RAW =
  "SELECT processor, count(*) AS count, sum(amount_cents) AS cents FROM payments WHERE requested_at_ms BETWEEN ? AND ? GROUP BY processor";

function rawPerSecond(file: string, windows: readonly Window[]): number {
  const { sqlite } = openReader(file);
  const statement = sqlite.prepare(RAW);
  const startedAt = performance.now();
  for (const { fromMs, toMs } of windows) statement.all(fromMs, toMs);
  const seconds = (performance.now() - startedAt) / 1000;
  sqlite.close();
  return windows.length / seconds;
}

/** A wrong answer may be quick. */
function checkAgainstPayments(sqlite: Database, read: (window: Window) => PaymentsSummary): void {
  const [window] = [{ fromMs: 0, toMs: Date.now() }];
  const expected = sqlite.query<{ count: number }, [number, number]>(RAW).all(window.fromMs, window.toMs);
  const { default: main, fallback } = read(window);
  const counted = [main.totalRequests, fallback.totalRequests].filter((count) => count > 0);
  if (expected.map(({ count }) => count).join() !== counted.join()) {
    throw new Error(`the summary counts ${counted}, the payments are ${JSON.stringify(expected)}`);
  }
}
