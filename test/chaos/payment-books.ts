import { call, metric, summaryOf } from "../e2e/client.ts";
import { PROCESSORS, type Total } from "../e2e/processors.ts";
import { contradictions } from "../e2e/reconciliation.ts";
import { wholeBetween } from "../e2e/seed.ts";
import { until } from "../e2e/until.ts";
import { type BookEntry, Comparison } from "./book.ts";
import type { ChaosSet } from "./chaos-set.ts";
import { CLOCK_STEP_MAX_MS } from "./fault-table.ts";
import type { PaymentFlow } from "./payment-flow.ts";

const WINDOWS = 30;
/** Counters that must be built anew take a while on a slow machine. */
const REDIS_TIMEOUT_MS = 60_000;

/** The books of section A: ours, and the two processors' own. */
export async function comparePayments(
  set: ChaosSet,
  flow: PaymentFlow,
  span: { readonly fromMs: number; readonly toMs: number },
  random: () => number,
): Promise<BookEntry[]> {
  const { processors } = set.upstreams;
  const payments = new Comparison("R1 R3 R5", "A: acknowledged is settled, once, at one processor, as sent");
  const found = await contradictions(set.balancer.url, processors, flow.sent, flow.acknowledged);
  payments.add(flow.sent.size, found);

  const fromRedis = new Comparison("R6 R13", "A: summaries from Redis are the processors' own");
  for (const replica of set.replicas) {
    const isUsed = await untilFromRedis(replica.socket);
    fromRedis.expect(isUsed, () => `${replica.name} has not used Redis for ${REDIS_TIMEOUT_MS / 1000} s`);
    fromRedis.add(WINDOWS + 1, await summaryDifferences(set, replica.socket, span, WINDOWS, random));
  }
  const fromDatabase = new Comparison("R6 R13", "A: summaries without Redis are the processors' own");
  set.redis.signal("SIGSTOP");
  try {
    for (const { socket } of set.replicas) {
      fromDatabase.add(WINDOWS + 1, await summaryDifferences(set, socket, span, WINDOWS, random));
    }
  } finally {
    set.redis.signal("SIGCONT");
  }
  const note = `${flow.acknowledged.size} acknowledged`;
  return [payments.entry(note), fromRedis.entry(), fromDatabase.entry()];
}

/** In full, and in random windows: half of them within the load, half as wide as the replicas' clock was set. */
async function summaryDifferences(
  set: ChaosSet,
  socket: string,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
  windows: number,
  random: () => number,
): Promise<string[]> {
  const found = await differencesIn(set, socket, undefined);
  for (let number = 0; number < windows; number++) {
    const wider = number % 2 === 0 ? 0 : CLOCK_STEP_MAX_MS;
    const draw = () => wholeBetween(random, fromMs - wider, toMs + wider);
    const [from, to] = [draw(), draw()].sort((a, b) => a - b).map((ms) => new Date(ms).toISOString());
    if (from === undefined || to === undefined) throw new Error("a window has two ends");
    found.push(...(await differencesIn(set, socket, { from, to })));
  }
  return found;
}

async function differencesIn(
  { upstreams }: ChaosSet,
  unix: string,
  window: { readonly from: string; readonly to: string } | undefined,
): Promise<string[]> {
  const ours = await summaryOf(REPLICA, window, { unix });
  const found: string[] = [];
  for (const name of PROCESSORS) {
    const theirs = await upstreams.processor(name).summary(window);
    if (ours[name].count === theirs.count && ours[name].cents === theirs.cents) continue;
    const where = window === undefined ? "in full" : `from ${window.from} to ${window.to}`;
    found.push(`${name} ${where}: ours ${show(ours[name])}, the processor's ${show(theirs)}`);
  }
  return found;
}

/** Any name: the socket decides who is asked. */
const REPLICA = "http://localhost";
const SERIES = 'catraca_summary_answers_total{source="redis"}';

/** @returns whether they did */
function untilFromRedis(unix: string): Promise<boolean> {
  const answered = until("summaries to come from Redis again", REDIS_TIMEOUT_MS, async () => {
    const before = await metric(REPLICA, SERIES, { unix });
    await call(`${REPLICA}/payments-summary`, { unix });
    return (await metric(REPLICA, SERIES, { unix })) > before;
  });
  return answered.then(
    () => true,
    () => false,
  );
}

function show({ count, cents }: Total): string {
  return `${count} payments of ${cents} cents`;
}
