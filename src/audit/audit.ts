import type { Settings } from "../config/settings.ts";
import { PROCESSOR_NAMES, type ProcessorName } from "../domain/processor.ts";
import { PaymentAuditQueries } from "../modules/payments/audit-queries.ts";
import { CounterQueries } from "../modules/payments/counter-queries.ts";
import { PaymentQueries } from "../modules/payments/queries.ts";
import type { OpenDatabase } from "../store/database.ts";
import { HttpClient } from "../upstreams/http-client.ts";
import { ProcessorClient } from "../upstreams/processor-client.ts";
import { auditLedgerPart, auditPaymentsPart, auditTasksPart } from "./audit-books.ts";
import { auditCountersPart } from "./audit-counters.ts";
import { auditIdsPart } from "./audit-ids.ts";
import { type AuditPart, type AuditReport, auditPart } from "./audit-report.ts";
import { auditTotalsPart } from "./audit-totals.ts";
import { ProcessorBooks } from "./processor-books.ts";
import { createRandom } from "./seeded-random.ts";

/** What is to be compared besides the books of the database. */
export interface AuditOptions {
  /** `X-Rinha-Token`; null: the processors' totals are not asked for. */
  readonly processorToken: string | null;
  /** Payments whose ids are asked for at both processors. */
  readonly sample: number | "all";
  /** Of the sample and the windows. */
  readonly seed: number;
}

type Urls = Readonly<Record<ProcessorName, string>>;

const LOOKUP_TIMEOUT_MS = 10_000;
/** What is in flight is not any more when it is looked at again. */
const PAUSE_MS = 500;

/** Compares the database with itself, Redis and the processors. The database belongs to this executable's schema. */
export async function audit(
  database: OpenDatabase,
  settings: Settings,
  options: AuditOptions,
): Promise<AuditReport> {
  const payments = new PaymentAuditQueries(database);
  const urls = urlsOf(settings);
  const parts: AuditPart[] = [
    auditLedgerPart(database),
    auditPaymentsPart(database, payments),
    auditTasksPart(database),
    await counters(database, payments, settings, options),
    await totals(database, payments, urls, options),
    await ids(payments, urls, options),
  ];
  return { databaseFile: settings.databaseFile, atMs: Date.now(), parts };
}

const pause = () => Bun.sleep(PAUSE_MS);

/** Null for built-in processors: their books are in the memory of the gateway. */
function urlsOf({ paymentProcessorDefault, paymentProcessorFallback }: Settings): Urls | null {
  if (paymentProcessorDefault === null || paymentProcessorFallback === null) return null;
  return { default: paymentProcessorDefault, fallback: paymentProcessorFallback };
}

const BUILT_IN =
  "built-in processors keep their books in the gateway's memory; of one that runs: --payment-processor-default " +
  "http://127.0.0.1:9999/processors/default, and the same for fallback";

async function counters(
  database: OpenDatabase,
  payments: PaymentAuditQueries,
  { redisUrl }: Settings,
  { seed }: AuditOptions,
): Promise<AuditPart> {
  if (redisUrl === null)
    return auditPart("redis", { leftOut: ["the counters in Redis: REDIS_URL is not set"] });
  const { firstRequestedAtMs: firstMs, lastRequestedAtMs: lastMs } = payments.counts();
  const span = firstMs === null || lastMs === null ? null : { firstMs, lastMs };
  return auditCountersPart({ database, redisUrl, random: createRandom(seed), span, pause });
}

async function totals(
  database: OpenDatabase,
  payments: PaymentAuditQueries,
  urls: Urls | null,
  { processorToken: token }: AuditOptions,
): Promise<AuditPart> {
  const what = "the processors' totals";
  if (token === null) return auditPart("totals", { leftOut: [`${what}: --processor-token is not given`] });
  if (urls === null) return auditPart("totals", { gaps: [{ what, why: BUILT_IN }] });
  const snapshots = new CounterQueries(database);
  return auditTotalsPart({
    queries: new PaymentQueries(database),
    payments,
    books: PROCESSOR_NAMES.map((name) => new ProcessorBooks(name, urls[name], token)),
    atOneMoment: (read) => snapshots.atOneMoment(read),
    nowMs: Date.now,
    pause,
  });
}

async function ids(
  payments: PaymentAuditQueries,
  urls: Urls | null,
  { sample, seed }: AuditOptions,
): Promise<AuditPart> {
  const what = "the ids at both processors";
  if (sample === 0) return auditPart("ids", { leftOut: [`${what}: the sample is 0`] });
  if (urls === null) {
    const isAskedFor = sample === "all";
    return auditPart(
      "ids",
      isAskedFor ? { gaps: [{ what, why: BUILT_IN }] } : { leftOut: [`${what}: ${BUILT_IN}`] },
    );
  }
  const client = new HttpClient();
  try {
    const clients = {
      default: new ProcessorClient("default", urls.default, client, LOOKUP_TIMEOUT_MS),
      fallback: new ProcessorClient("fallback", urls.fallback, client, LOOKUP_TIMEOUT_MS),
    };
    const lookup = (name: ProcessorName, id: string) => clients[name].lookup(id);
    return await auditIdsPart({ payments, lookup, sample, seed, pause });
  } finally {
    client.close();
  }
}
