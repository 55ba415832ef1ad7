/**
 * `catraca audit` on a running gateway with a real Redis: nothing is found under load, and each kind of difference,
 * made by hand, is found and said.
 */
import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { endRedisServers, RedisServer } from "../cluster/redis.ts";
import { metric, post, settledPayment, untilIdle } from "./client.ts";
import { Gateway, startProcessors } from "./gateway.ts";
import { Load, postMany } from "./load.ts";
import type { Processor, ProcessorName, ProcessorPair } from "./processors.ts";
import { emptyDirectory, endPrograms, runProgram } from "./program.ts";
import { randomOf } from "./seed.ts";
import { until } from "./until.ts";

// Each runs the executable several times, on a machine that may be busy.
setDefaultTimeout(90_000);

let processors: ProcessorPair;
let redis: RedisServer;
let gateway: Gateway;
let ids: string[];

beforeAll(async () => {
  [processors, redis] = await Promise.all([startProcessors(), RedisServer.start()]);
  gateway = await Gateway.start({ processors, env: { REDIS_URL: redis.url } });
  ids = await postMany(gateway.url, 60, 1_990);
  await untilIdle(gateway.url, 20_000);
});
afterAll(async () => {
  await endPrograms();
  await endRedisServers();
});

interface AuditJson {
  readonly result: string;
  readonly differences: number;
  readonly parts: readonly {
    readonly name: string;
    readonly compared: readonly string[];
    readonly leftOut: readonly string[];
    readonly findings: readonly Readonly<
      Record<"what" | "where" | "expected" | "found" | "advice", string>
    >[];
    readonly gaps: readonly { readonly what: string; readonly why: string }[];
  }[];
}

function audit(flags: readonly string[] = [], env: Readonly<Record<string, string>> = {}) {
  const shared = { DATA_DIR: gateway.dataDir, REDIS_URL: redis.url, ...processors.env };
  return runProgram(["audit", "--processor-token", "123", ...flags], { env: { ...shared, ...env } });
}

async function auditJson(
  flags: readonly string[] = [],
): Promise<AuditJson & { readonly code: number | null }> {
  const { code, output } = await audit(["--json", "--all", ...flags]);
  return { code, ...(JSON.parse(output) as AuditJson) }; // the shape above is what is asked of it
}

const findingsOf = ({ parts }: AuditJson) =>
  parts.flatMap(({ name, findings }) => findings.map(({ what }) => `${name}: ${what}`));

/** Changes the database behind the gateway's back. */
function tamper(...statements: readonly string[]): void {
  const database = new Database(gateway.databaseFile, { readwrite: true });
  database.run("PRAGMA busy_timeout = 5000");
  database.run("PRAGMA ignore_check_constraints = ON");
  for (const statement of statements) database.run(statement);
  database.close();
}

/** Records a payment at a processor as if some gateway had sent it. */
async function record(processor: Processor, correlationId: string, amount: number, requestedAt = new Date()) {
  const answer = await post(`${processor.url}/payments`, { correlationId, amount, requestedAt });
  if (answer.status !== 200) throw new Error(`the processor answered ${answer.status}`);
}

describe("where nothing is wrong", () => {
  test("0, and the page says what was compared, and what was not", async () => {
    const { code, output } = await audit(["--sample", "10", "--seed", "7"]);
    expect([code, output]).toEqual([0, expect.stringContaining("audit: what was compared agrees")]);
    expect(output).toContain("ledger: 6 rules over all accounts");
    expect(output).toContain("over 60 settled, 0 pending and 0 dead payments");
    expect(output).toContain("redis: 31 of 31 sums and windows");
    expect(output).toContain("ids: 10 of 60 payments, drawn with seed 7");
    expect(output).toContain("not compared:\n  ids: the other 50 payments: --all asks for every one");
  });

  test("without token and Redis it claims neither", async () => {
    const env = { DATA_DIR: gateway.dataDir, ...processors.env };
    const { code, output } = await runProgram(["audit"], { env });
    expect(code).toBe(0);
    expect(output).toContain("redis: the counters in Redis: REDIS_URL is not set");
    expect(output).toContain("totals: the processors' totals: --processor-token is not given");
    expect(output).toContain("ids: 60 of 60 payments");
    expect(output).not.toContain("redis: 31 of 31");
  });

  test("under load, with payments in flight: never a false alarm", async () => {
    const { random } = randomOf("audit under load");
    await processors.default.setDelay(150);
    const load = new Load({ url: () => gateway.url, random, clients: 12, pauseMs: 12 });
    await until("some load", 10_000, () => load.acknowledged.length > 200);
    const inFlight: number[] = [];
    for (let number = 0; number < 4; number++) {
      const { code, output } = await audit(["--all"]);
      expect([code, output]).toEqual([0, expect.stringContaining("agrees")]);
      inFlight.push(Number(/ settled, (\d+) pending/.exec(output)?.[1]));
    }
    expect(Math.max(...inFlight)).toBeGreaterThan(0);
    await load.stop();
    await processors.heal();
    await untilIdle(gateway.url, 20_000);
    expect(await auditJson()).toMatchObject({ code: 0, result: "agrees", differences: 0 });
  });
});

test("a processor that has an id under another amount: its amount counts, and the audit says so", async () => {
  const pair = await startProcessors();
  const own = await Gateway.start({ processors: pair });
  await postMany(own.url, 2, 1_990);
  // As after a purge of the gateway: the id was used before, for another amount.
  const correlationId = crypto.randomUUID();
  await record(pair.default, correlationId, 7.5);
  await post(`${own.url}/payments`, { correlationId, amount: 19.9 });
  const payment = await settledPayment(own.url, correlationId);
  expect(payment).toMatchObject({ amount: 19.9, settledAmount: 7.5, processor: "default" });
  await untilIdle(own.url, 20_000);
  const env = { DATA_DIR: own.dataDir, ...pair.env };
  const { code, output } = await runProgram(["audit", "--all", "--processor-token", "123"], { env });
  expect([code, output]).toEqual([0, expect.stringContaining("audit: what was compared agrees")]);
  expect(output).toContain("1 of the settled ones with the amount that their processor has recorded");
  expect(output).toContain("default: 3 payments over 47.30");
});

describe("what was made wrong by hand is found, and mended by what the page says", () => {
  test("a counter in Redis", async () => {
    const keys = (await redis.command("KEYS catraca:*:counters:*:6:0")).split("\r\n");
    const key = keys.find((line) => line.startsWith("catraca:")) ?? "";
    const [field = ""] =
      (await redis.command(`HKEYS ${key}`)).match(/(?<=\r\n)\d+(?=\r\n)/g)?.slice(-1) ?? [];
    await redis.command(`HSET ${key} ${field} "1 1 0 0"`);
    const found = await auditJson();
    expect([found.code, found.result]).toEqual([1, "differs"]);
    expect(new Set(findingsOf(found))).toEqual(
      new Set(["redis: the counters in Redis differ from the database"]),
    );
    const [first] = found.parts.flatMap(({ findings }) => findings);
    expect(first?.where).toBe("all payments");
    expect(first?.found).toContain("default 1 payment over 0.01, fallback 0 payments over 0.00 (Redis)");
    const [command = ""] = /DEL \S+/.exec(first?.advice ?? "") ?? [];
    await redis.command(command);
    await until("the counters to be built anew", 15_000, async () => (await auditJson()).code === 0);
  });

  test("a payment recorded at both processors, and the totals with it", async () => {
    const payment = await settledPayment(gateway.url, ids[3] ?? "");
    const other: ProcessorName = payment.processor === "default" ? "fallback" : "default";
    await record(processors[other], payment.correlationId, 19.9, new Date(payment.requestedAt ?? ""));
    const { code, output } = await audit(["--all"]);
    expect(code).toBe(1);
    expect(output).toContain(
      "DIFFERENCE (ids): a payment is recorded at both processors: it was charged twice",
    );
    expect(output).toContain(
      `where     payment ${payment.correlationId}, here settled at ${payment.processor}`,
    );
    expect(output).toContain(`expected  recorded at ${payment.processor} only`);
    expect(output).toContain(`do        Have it refunded at ${other}`);
    expect(output).toContain(`DIFFERENCE (totals): ${other} has other totals than this database`);
    expect(output).toContain(`the first difference is at ${payment.requestedAt}`);
  });

  test("a payment that its processor does not have, or has with another amount", async () => {
    const [missing = "", changed = ""] = ids;
    const unknown = crypto.randomUUID();
    const hex = (id: string) => `x'${id.replaceAll("-", "")}'`;
    tamper(
      `UPDATE payments SET correlation_id = ${hex(unknown)} WHERE correlation_id = ${hex(missing)}`,
      `UPDATE payments SET amount_cents = 1991 WHERE correlation_id = ${hex(changed)}`,
    );
    const found = await auditJson();
    tamper(
      `UPDATE payments SET correlation_id = ${hex(missing)} WHERE correlation_id = ${hex(unknown)}`,
      `UPDATE payments SET amount_cents = 1990 WHERE correlation_id = ${hex(changed)}`,
    );
    expect(found.code).toBe(1);
    const ours = found.parts
      .flatMap(({ findings }) => findings)
      .filter(({ where }) => /payment /.test(where));
    const about = (id: string) => ours.filter(({ where }) => where.includes(id)).map(({ what }) => what);
    expect(about(unknown)).toEqual(["a payment counts as charged, and its processor does not have it"]);
    expect(about(changed)).toEqual([
      "a payment is recorded with another amount or time than it is counted with",
    ]);
    expect(findingsOf(found)).toContain(
      "payments: broken: the rollup of every millisecond counts the payments settled in it, and their cents",
    );
  });

  test("a ledger entry, a balance, a rollup, a task", async () => {
    const user = await post(`${gateway.url}/api/v1/users`, { balance: 100 });
    expect(user.status).toBe(200);
    const triggers = new Database(gateway.databaseFile, { readonly: true })
      .query<{ name: string; sql: string }, []>(
        "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name LIKE 'ledger%'",
      )
      .all();
    expect(triggers.length).toBeGreaterThan(0);
    tamper(
      ...triggers.map(({ name }) => `DROP TRIGGER ${name}`),
      "UPDATE ledger_entries SET cents = cents + 1 WHERE account_id > 2 AND transfer_seq = (SELECT max(transfer_seq) FROM ledger_entries)",
      "UPDATE ledger_accounts SET balance_cents = balance_cents + 500 WHERE id = (SELECT max(id) FROM ledger_accounts)",
      "UPDATE payment_rollups SET default_count = default_count + 1 WHERE level = 2",
      "INSERT INTO tasks (kind, subject, added_at_ms, next_attempt_at_ms) VALUES (2, 4711, 1, 9e15)",
    );
    const found = await auditJson();
    tamper(
      "UPDATE ledger_entries SET cents = cents - 1 WHERE account_id > 2 AND transfer_seq = (SELECT max(transfer_seq) FROM ledger_entries)",
      "UPDATE ledger_accounts SET balance_cents = balance_cents - 500 WHERE id = (SELECT max(id) FROM ledger_accounts)",
      "UPDATE payment_rollups SET default_count = default_count - 1 WHERE level = 2",
      "DELETE FROM tasks WHERE subject = 4711",
      ...triggers.map(({ sql }) => sql),
    );
    expect(found.code).toBe(1);
    const said = findingsOf(found);
    expect(said).toContain("ledger: the entries of a transfer do not add up to zero (transfer_is_balanced)");
    expect(said).toContain("ledger: a balance is not the sum of its entries (balance_is_sum_of_entries)");
    expect(said).toContain(
      "ledger: money was made or lost: all balances together are not zero (sum_of_all_is_zero)",
    );
    expect(said).toContain("payments: broken: the rollups of every level are the sums of the level below");
    expect(said).toContain("tasks: a finished user's payment has a task");
  });

  test("a payment that was charged and is not in the database at all: in the totals, with its time", async () => {
    const own = await Gateway.start({ processors, env: { REDIS_URL: redis.url } });
    const [first = ""] = await postMany(own.url, 1, 100);
    const { requestedAt } = await settledPayment(own.url, first);
    const later = new Date(Date.parse(requestedAt ?? "") + 1);
    await record(processors.default, crypto.randomUUID(), 5, later);
    await Bun.sleep(20);
    const env = { DATA_DIR: own.dataDir, ...processors.env };
    const { code, output } = await runProgram(["audit", "--processor-token", "123"], { env });
    await own.stop();
    expect(code).toBe(1);
    expect(output).toContain("expected  1 payment over 1.00 (database)");
    expect(output).toContain("found     2 payments over 6.00 (default)");
    expect(output).toContain(`the first difference is at ${later.toISOString()}, settled here then: none`);
  });
});

test("more at the processors than can be in flight: found although the oldest payment is pending", async () => {
  const pair = await startProcessors();
  for (const name of ["default", "fallback"] as const) await pair[name].setFailure(true);
  const own = await Gateway.start({ processors: pair });
  await postMany(own.url, 2, 100);
  await until("both to be stored", 10_000, async () => (await metric(own.url, "catraca_queue_depth")) === 2);
  await own.stop();
  await pair.fallback.setFailure(false);
  const env = { DATA_DIR: own.dataDir, ...pair.env };
  const run = () => runProgram(["audit", "--processor-token", "123"], { env });
  const pending = new Database(own.databaseFile)
    .query("SELECT lower(hex(correlation_id)) AS id FROM payments")
    .all();
  // As many as are pending: each may be one of them.
  for (const { id } of pending as { id: string }[]) {
    await record(pair.fallback, id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5"), 1);
  }
  const possible = await run();
  expect([possible.code, possible.output]).toEqual([0, expect.stringContaining("0 settled and 2 pending")]);
  await record(pair.fallback, crypto.randomUUID(), 1);
  const impossible = await run();
  expect(impossible.code).toBe(1);
  expect(impossible.output).toContain(
    "the processors have recorded more payments than this database can have sent",
  );
  expect(impossible.output).toContain("found     3: default 0, fallback 3");
});

describe("what could not be compared is no agreement: 2", () => {
  test("Redis away", async () => {
    const alone = await runProgram(["audit", "--sample", "0"], {
      env: { DATA_DIR: gateway.dataDir, REDIS_URL: "redis://127.0.0.1:9" },
    });
    expect(alone.output).toContain(
      "COULD NOT BE COMPARED:\n  redis: the counters in Redis: Redis does not answer",
    );
    expect(alone.code).toBe(2);
    expect(alone.output).toContain("no difference in what was compared, but 1 could not be compared");
  });

  test("Redis emptied, and no gateway that feeds it", async () => {
    const own = await Gateway.start({ env: { REDIS_URL: redis.url } });
    await own.stop();
    const other = await RedisServer.start();
    const { code, output } = await runProgram(["audit"], {
      env: { DATA_DIR: own.dataDir, REDIS_URL: other.url },
    });
    expect([code, output]).toEqual([2, expect.stringContaining("Redis has no counters of this database")]);
  });

  test("a processor away, or its token wrong; built-in processors that were asked for", async () => {
    const env = { DATA_DIR: gateway.dataDir, ...processors.env };
    const run = (flags: readonly string[], change: Readonly<Record<string, string>>) =>
      runProgram(["audit", ...flags], { env: { ...env, ...change } });
    const away = await run(["--sample", "20"], { PAYMENT_PROCESSOR_FALLBACK: "http://127.0.0.1:9" });
    expect(away.output).toContain("ids: 20 of 20 payments: fallback does not answer: connect_refused");
    expect(away.code).toBe(2);
    const wrong = await run(["--sample", "0", "--processor-token", "no"], {});
    expect(wrong.output).toContain("totals: the totals of default: it refuses the token");
    expect(wrong.code).toBe(2);
    const builtIn = await runProgram(["audit", "--all"], { env: { DATA_DIR: gateway.dataDir } });
    expect([builtIn.code, builtIn.output]).toEqual([2, expect.stringContaining("in the gateway's memory")]);
  });

  test("no database, one that is none, one of a newer executable", async () => {
    const dataDir = await emptyDirectory();
    const run = () => runProgram(["audit"], { env: { DATA_DIR: dataDir } });
    expect(await run()).toMatchObject({ code: 2, output: expect.stringContaining("there is no database") });
    await Bun.write(`${dataDir}/catraca.db`, "hello ".repeat(1_000));
    expect(await run()).toMatchObject({ code: 2, output: expect.stringContaining("not a usable database") });
    await Bun.write(`${dataDir}/catraca.db`, "");
    const database = new Database(`${dataDir}/catraca.db`);
    database.run("PRAGMA user_version = 9999");
    database.close();
    expect(await run()).toMatchObject({ code: 2, output: expect.stringContaining("schema version 9999") });
  });

  test("a flag that is wrong", async () => {
    for (const flags of [["--sample", "many"], ["--seed", "-1"], ["--sample=100001"]]) {
      const { code, output } = await audit(flags);
      expect([code, output]).toEqual([2, expect.stringContaining("expected a whole number")]);
    }
  });
});
