import { Database } from "bun:sqlite";
import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DeadLetterList } from "../../src/modules/dead-letters/writer.ts";
import { auditPayments } from "../../src/modules/payments/audit-queries.ts";
import { PaymentCommands } from "../../src/modules/payments/commands.ts";
import { PaymentQueries } from "../../src/modules/payments/queries.ts";
import { openReader } from "../../src/store/database.ts";
import { StoreHarness } from "../../src/store/fixtures/store-harness.ts";
import { generateDirectory } from "./generated-directory.ts";
import { GeneratedPayments, generatedId, type PaymentPlan } from "./generated-payments.ts";
import { writePayments } from "./payment-writer.ts";

const seed = Number(process.env["SEED"] ?? Math.floor(Math.random() * 1_000_000));
console.log(`SEED=${seed}`);
const FEES = { default: 0.05, fallback: 0.15 };
/** So close together that some share a millisecond. */
const PLAN: PaymentPlan = { count: 700, seed, lastAtMs: Date.UTC(2026, 0, 31), days: 0.00001 };
const directory = mkdtempSync(join(tmpdir(), "catraca-generated-"));
afterAll(() => rmSync(directory, { recursive: true }));

function generated(name: string, plan = PLAN): string {
  const file = join(directory, name);
  writePayments(file, new GeneratedPayments(plan, FEES), 16, () => {});
  return file;
}

/** Every row of every table; what is random per database is left out. */
function contentOf(sqlite: Database): Record<string, unknown[]> {
  const names = sqlite
    .query<{ name: string }, []>("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    .all();
  return Object.fromEntries(
    names.map(({ name }) => {
      const rows = sqlite.query<Record<string, unknown>, []>(`SELECT * FROM ${name}`).all();
      const compared = rows.map(({ database_id: _, ...row }) => row);
      return [
        name,
        name === "sqlite_sequence"
          ? compared.sort((a, b) => (String(a["name"]) < String(b["name"]) ? -1 : 1))
          : compared,
      ];
    }),
  );
}

/** The same payments through the commands of the store thread. */
function throughCommands(payments: GeneratedPayments): StoreHarness {
  const store = new StoreHarness();
  const commands = new PaymentCommands(store.context, new DeadLetterList(store.context));
  store.modules.push(commands);
  for (let index = 0; index < payments.plan.count; index++) {
    const { id, amountCents, acceptedAtMs, processor, requestedAtMs, settledAtMs } = payments.at(index);
    const accepted = store.transact(() =>
      commands.accept({ idBytes: id, idAt: 0, amountCents, acceptedAtMs }, processor),
    );
    if (accepted.kind !== "accepted" || accepted.task === null)
      throw new Error(`payment ${index} has no task`);
    const { taskId } = accepted.task;
    const attempt = { taskId, processor, kind: "settled", requestedAtMs, amountCents } as const;
    store.transact(() =>
      commands.attempt({ ...attempt, latencyMs: 1, upstream: null, code: "", fence: 0 }, settledAtMs),
    );
  }
  return store;
}

describe("generated payments", () => {
  test("are in every table what the store's commands would have left", () => {
    const sqlite = new Database(generated("compared.db"), { readonly: true });
    const store = throughCommands(new GeneratedPayments(PLAN, FEES));
    const [made, real] = [contentOf(sqlite), contentOf(store.database.sqlite)];
    expect(Object.keys(made)).toEqual(Object.keys(real));
    for (const table of Object.keys(real))
      expect({ table, rows: made[table] }).toEqual({ table, rows: real[table] ?? [] });
    expect(real["payments"]).toHaveLength(PLAN.count);
    expect(real["sqlite_sequence"]).toContainEqual({ name: "tasks", seq: PLAN.count });
    sqlite.close();
    store.close();
  });

  test("break no rule of the audit", () => {
    const database = openReader(generated("audited.db", { ...PLAN, days: 30 }));
    expect(auditPayments(database)).toEqual([]);
    database.sqlite.close();
  });

  test("are summed up by the summary of any window as they were made", () => {
    const plan = { ...PLAN, days: 30 };
    const database = openReader(generated("summed.db", plan));
    const queries = new PaymentQueries(database);
    const payments = new GeneratedPayments(plan, FEES);
    for (let round = 0; round < 20; round++) {
      const edges = [payments.at((round * 37) % plan.count), payments.at((round * 101) % plan.count)];
      // The object is filled anew for each, so both are the second: its time and an earlier one.
      const toMs = edges[1]?.requestedAtMs ?? 0;
      const fromMs = toMs - round * 100_000_000;
      const sums = { default: { totalRequests: 0, cents: 0 }, fallback: { totalRequests: 0, cents: 0 } };
      for (let index = 0; index < plan.count; index++) {
        const { processor, requestedAtMs, amountCents } = payments.at(index);
        if (requestedAtMs < fromMs || requestedAtMs > toMs) continue;
        sums[processor].totalRequests++;
        sums[processor].cents += amountCents;
      }
      const expected = ({ totalRequests, cents }: typeof sums.default) => ({
        totalRequests,
        totalAmount: cents / 100,
      });
      expect(queries.summary(fromMs, toMs)).toEqual({
        default: expected(sums.default),
        fallback: expected(sums.fallback),
      });
    }
    database.sqlite.close();
  });

  test("have ids that can be told without reading them, different and of version 4", () => {
    const sqlite = new Database(generated("ids.db"), { readonly: true });
    const ids = sqlite
      .query<{ id: string }, []>("SELECT lower(hex(correlation_id)) AS id FROM payments ORDER BY seq")
      .all();
    const told = Array.from({ length: PLAN.count }, (_, index) => generatedId(seed, index));
    expect(ids.map(({ id }) => id)).toEqual(told.map((id) => id.replaceAll("-", "")));
    expect(new Set(told).size).toBe(PLAN.count);
    for (const id of told)
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    sqlite.close();
  });

  test("differ with the seed", () => {
    expect(generatedId(seed, 1)).not.toBe(generatedId(seed + 1, 1));
  });

  test("are not written into a database that is there", () => {
    const dataDir = join(directory, "there");
    generateDirectory(dataDir, { ...PLAN, count: 10 });
    expect(() => generateDirectory(dataDir, PLAN)).toThrow("is there already");
  });
});
