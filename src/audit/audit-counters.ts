import { CounterStore } from "../cluster/counter-store.ts";
import { connectRedis } from "../cluster/redis-connection.ts";
import { bucketOf, ROLLUP_LEVELS, type RollupRange } from "../domain/rollup.ts";
import { createLogger } from "../log/logger.ts";
import { type CounterComparison, compareCounters } from "../modules/payments/counter-audit.ts";
import { CounterQueries } from "../modules/payments/counter-queries.ts";
import { PaymentQueries, windowRanges } from "../modules/payments/queries.ts";
import type { SummarySums } from "../modules/payments/rollup-queries.ts";
import type { OpenDatabase } from "../store/database.ts";
import {
  type AuditFinding,
  type AuditGap,
  type AuditPart,
  auditPart,
  describeTotals,
} from "./audit-report.ts";

export interface CounterAuditParts {
  readonly database: OpenDatabase;
  readonly redisUrl: string;
  /** Of the windows that are drawn. */
  readonly random: () => number;
  /** The first and the last time in the books, ms; null without settled payments. */
  readonly span: { readonly firstMs: number; readonly lastMs: number } | null;
  /** Before anything that differs is believed. */
  readonly pause: () => Promise<void>;
}

/** A question to Redis, and what people call it. */
export interface CounterWindow {
  readonly name: string;
  readonly ranges: readonly RollupRange[];
}

const ANSWER_TIMEOUT_MS = 5_000;
const CONNECT_TIMEOUT_MS = 3_000;
const WINDOWS_DRAWN = 20;
const ROUNDS = 4;

/** The counters in Redis against the database (R6, R13). */
export async function auditCountersPart(parts: CounterAuditParts): Promise<AuditPart> {
  const { redisUrl } = parts;
  const what = "the counters in Redis";
  const log = createLogger({ level: "error", thread: "audit", replica: "", write: () => {} });
  const options = { url: redisUrl, name: "catraca-audit", commandTimeoutMs: ANSWER_TIMEOUT_MS, log };
  let redis: Awaited<ReturnType<typeof connectRedis>> | null = null;
  try {
    redis = await connectRedis(options);
    const connection = redis;
    const connected = Promise.withResolvers<boolean>();
    connection.once("ready", () => connected.resolve(true));
    const timer = setTimeout(() => connected.resolve(false), CONNECT_TIMEOUT_MS);
    const isConnected = await connected.promise;
    clearTimeout(timer);
    if (!isConnected)
      return auditPart("redis", { gaps: [{ what, why: "Redis does not answer at REDIS_URL" }] });
    return await compareAll(parts, (databaseId) => new CounterStore(connection, databaseId));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return auditPart("redis", { gaps: [{ what, why }] });
  } finally {
    redis?.disconnect();
  }
}

async function compareAll(
  { database, random, span, pause }: CounterAuditParts,
  open: (databaseId: string) => CounterStore,
): Promise<AuditPart> {
  const counters = new CounterQueries(database);
  const queries = new PaymentQueries(database);
  const { databaseId, epoch } = counters.head();
  if (epoch === null) {
    const why = "no replica has used Redis with this database yet: start one with REDIS_URL";
    return auditPart("redis", { gaps: [{ what: "the counters in Redis", why }] });
  }
  const store = open(databaseId);
  const windows = counterWindows(span, random);
  const look = async ({ ranges }: CounterWindow): Promise<CounterComparison> => {
    const counted = await store.query(ranges);
    if (counted === null) return { kind: "not_yet", why: "Redis has no counters of this database" };
    return compareCounters(counted, ranges, counters, queries);
  };
  const differing = await patiently(windows, look, pause);
  const findings: AuditFinding[] = [];
  const gaps: AuditGap[] = [];
  for (const [window, compared] of differing) {
    if (compared.kind === "compared") findings.push(findingOf(window, compared, databaseId));
    else gaps.push({ what: window.name, why: compared.why });
  }
  const text = `${windows.length - gaps.length} of ${windows.length} sums and windows, every level of what Redis keeps among them`;
  return auditPart("redis", {
    compared: gaps.length < windows.length ? [text] : [],
    findings,
    gaps: gaps.slice(0, 1),
  });
}

type Looked = readonly [window: CounterWindow, compared: CounterComparison];

/** Counters are fed and rebuilt while they are looked at: only what stays different, or away, is told. */
async function patiently(
  windows: readonly CounterWindow[],
  look: (window: CounterWindow) => Promise<CounterComparison>,
  pause: () => Promise<void>,
): Promise<Looked[]> {
  let open: Looked[] = [];
  let toLookAt = windows;
  for (let round = 0; round < ROUNDS && toLookAt.length > 0; round++) {
    if (round > 0) await pause();
    open = [];
    for (const window of toLookAt) {
      const compared = await look(window);
      if (compared.kind === "not_yet" || !isSame(compared)) open.push([window, compared]);
    }
    toLookAt = open.map(([window]) => window);
  }
  return open;
}

/** What is asked: each level as far back as Redis keeps it, the usual windows, and some that are drawn. */
export function counterWindows(span: CounterAuditParts["span"], random: () => number): CounterWindow[] {
  const whole = {
    name: "all payments",
    ranges: windowRanges(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY),
  };
  if (span === null) return [whole];
  const { firstMs, lastMs } = span;
  const windows: CounterWindow[] = [whole];
  for (let level = 0; level < ROLLUP_LEVELS; level++) {
    const beginMs = Math.max(firstMs, lastMs - (LEVEL_SPANS_MS[level] ?? Number.POSITIVE_INFINITY));
    const range = { level, first: bucketOf(beginMs, level), last: bucketOf(lastMs, level) };
    windows.push({ name: `counters of level ${level} ${between(beginMs, lastMs)}`, ranges: [range] });
  }
  for (const lengthMs of [MINUTE_MS, 60 * MINUTE_MS, 24 * 60 * MINUTE_MS]) {
    windows.push(windowBetween(Math.max(firstMs, lastMs - lengthMs), lastMs));
  }
  for (let number = 0; number < WINDOWS_DRAWN; number++) {
    // Half of them in the last minutes, whose counters are the finest.
    const beginMs = number % 2 === 0 ? firstMs : Math.max(firstMs, lastMs - 2 * MINUTE_MS);
    const ends = [random(), random()].map((draw) => Math.floor(beginMs + draw * (lastMs - beginMs + 1)));
    windows.push(windowBetween(Math.min(...ends), Math.max(...ends)));
  }
  return windows;
}

const MINUTE_MS = 60_000;
/** How far back a level is summed up: what Redis keeps of it, or all. More would make Redis look for what is not there. */
const LEVEL_SPANS_MS: readonly number[] = [
  2 * MINUTE_MS,
  20 * MINUTE_MS,
  24 * 60 * MINUTE_MS,
  90 * 24 * 60 * MINUTE_MS,
];

function windowBetween(fromMs: number, toMs: number): CounterWindow {
  return { name: `window ${between(fromMs, toMs)}`, ranges: windowRanges(fromMs, toMs) };
}

function between(fromMs: number, toMs: number): string {
  return `from ${new Date(fromMs).toISOString()} to ${new Date(toMs).toISOString()}`;
}

function isSame({ expected, found }: Extract<CounterComparison, { kind: "compared" }>): boolean {
  // Both have the same four keys.
  return (Object.keys(expected) as (keyof SummarySums)[]).every((name) => expected[name] === found[name]);
}

function findingOf(
  { name }: CounterWindow,
  { expected, found }: Extract<CounterComparison, { kind: "compared" }>,
  databaseId: string,
): AuditFinding {
  return {
    what: "the counters in Redis differ from the database",
    where: name,
    expected: `${describeSums(expected)} (database)`,
    found: `${describeSums(found)} (Redis)`,
    advice:
      "No money is wrong, but GET /payments-summary answers from Redis. Unless a rollup of the database is told to be broken " +
      "as well, delete the counters, and the gateway builds them anew from the database within seconds: " +
      `redis-cli DEL catraca:${databaseId}:counters`,
  };
}

function describeSums(sums: SummarySums): string {
  const byDefault = describeTotals(sums.defaultCount, sums.defaultCents);
  return `default ${byDefault}, fallback ${describeTotals(sums.fallbackCount, sums.fallbackCents)}`;
}
