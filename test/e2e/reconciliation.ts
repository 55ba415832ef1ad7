import { findPayment, type PaymentView, summaryOf } from "./client.ts";
import { PROCESSORS, type ProcessorPair, type Total } from "./processors.ts";
import { forEachLimited, wholeBetween } from "./seed.ts";

const READS_AT_ONCE = 24;

/**
 * Compares what the gateway says of payments with the processors' own books (RELIABILITY R1, R3, R6). Returns
 * one sentence per contradiction; empty is good. Nothing may be in flight meanwhile.
 */
export async function contradictions(
  url: string,
  processors: ProcessorPair,
  sent: ReadonlyMap<string, number>,
  acknowledged: Iterable<string>,
): Promise<string[]> {
  const found: string[] = [];
  const promised = new Set(acknowledged);
  await forEachLimited(sent, READS_AT_ONCE, async ([id, cents]) => {
    const payment = await findPayment(url, id);
    if (payment === null) {
      if (promised.has(id)) found.push(`${id} was acknowledged and is not there`);
      for (const name of PROCESSORS) {
        if ((await processors[name].find(id)) !== null) found.push(`${id} is unknown but charged at ${name}`);
      }
      return;
    }
    if (payment.status !== "settled") found.push(`${id} is ${payment.status}: ${payment.lastError}`);
    else found.push(...(await contradictionsOf(payment, cents, processors)));
  });
  return found;
}

async function contradictionsOf(
  payment: PaymentView,
  cents: number,
  processors: ProcessorPair,
): Promise<string[]> {
  const found: string[] = [];
  const { correlationId: id, processor, amount, requestedAt } = payment;
  if (Math.round(amount * 100) !== cents)
    found.push(`${id} was sent with ${cents} cents, stored as ${amount}`);
  for (const name of PROCESSORS) {
    const record = await processors[name].find(id);
    if (name !== processor) {
      if (record !== null) found.push(`${id} settled at ${processor} is charged at ${name}, too`);
    } else if (record === null) {
      found.push(`${id} settled at ${name} is not in its books`);
    } else {
      if (record.cents !== cents) found.push(`${id} was sent with ${cents} cents, charged ${record.cents}`);
      if (requestedAt === null || record.requestedAtMs !== Date.parse(requestedAt)) {
        found.push(`${id} is counted at ${requestedAt}, by ${name} at ${new Date(record.requestedAtMs)}`);
      }
    }
  }
  return found;
}

/**
 * Compares the summaries: in full, and for random windows between the first and the last charge, ends included
 * (R6). Returns one sentence per difference.
 */
export async function summaryDifferences(
  url: string,
  processors: ProcessorPair,
  span: { readonly fromMs: number; readonly toMs: number },
  windows: number,
  random: () => number,
): Promise<string[]> {
  const found = await differencesIn(url, processors, undefined);
  for (let number = 0; number < windows; number++) {
    const ends = [
      wholeBetween(random, span.fromMs - 5, span.toMs + 5),
      wholeBetween(random, span.fromMs - 5, span.toMs + 5),
    ].sort((a, b) => a - b);
    const [from, to] = ends.map((ms) => new Date(ms).toISOString());
    if (from === undefined || to === undefined) throw new Error("a window has two ends");
    found.push(...(await differencesIn(url, processors, { from, to })));
  }
  return found;
}

async function differencesIn(
  url: string,
  processors: ProcessorPair,
  window: { readonly from: string; readonly to: string } | undefined,
): Promise<string[]> {
  const ours = await summaryOf(url, window);
  const found: string[] = [];
  for (const name of PROCESSORS) {
    const theirs = await processors[name].summary(window);
    if (isSame(ours[name], theirs)) continue;
    const where = window === undefined ? "in full" : `from ${window.from} to ${window.to}`;
    found.push(`${name} ${where}: ours ${show(ours[name])}, the processor's ${show(theirs)}`);
  }
  return found;
}

function isSame(one: Total, other: Total): boolean {
  return one.count === other.count && one.cents === other.cents;
}

function show({ count, cents }: Total): string {
  return `${count} payments of ${cents} cents`;
}
