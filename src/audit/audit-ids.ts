import { otherProcessor, PROCESSOR_NAMES, type ProcessorName } from "../domain/processor.ts";
import type { AuditedPayment, PaymentAuditQueries } from "../modules/payments/audit-queries.ts";
import type { LookupOutcome } from "../upstreams/processor-client.ts";
import { type AuditFinding, type AuditPart, auditPart } from "./audit-report.ts";

export interface IdsAuditParts {
  readonly payments: PaymentAuditQueries;
  /** `GET /payments/{id}` of a processor; never rejects. */
  readonly lookup: (processor: ProcessorName, correlationId: string) => Promise<LookupOutcome>;
  /** How many payments to ask for; "all" asks for every one. */
  readonly sample: number | "all";
  readonly seed: number;
  readonly pause: () => Promise<void>;
}

/** Both answers about one payment. */
type Lookups = Readonly<Record<ProcessorName, LookupOutcome>>;

interface Tally {
  asked: number;
  unanswered: number;
  why: string;
  readonly suspects: AuditedPayment[];
}

/** Payments asked for at once: processors take some hundreds of calls, and the gateway's own come first. */
const AT_ONCE = 8;
const PAGE = 500;
/** Suspects that are looked at twice; if there are more, one look at the rest is enough to know how bad it is. */
const SUSPECTS_MAX = 1_000;

/**
 * The ids in the books of both processors (R3): a payment is recorded where it is settled, as it is settled, and nowhere
 * else. What is settled stays so, and what differs is looked at again after a pause, with the payment as it is by then:
 * so a gateway that goes on gives no false alarm.
 */
export async function auditIdsPart(parts: IdsAuditParts): Promise<AuditPart> {
  const { payments, sample, seed, pause } = parts;
  const { pending, settled, dead } = payments.counts();
  const total = pending + settled + dead;
  const tally: Tally = { asked: 0, unanswered: 0, why: "", suspects: [] };
  if (sample !== "all") await lookAt(payments.sample(sample, seed), parts, tally);
  else {
    let page = payments.page(0, PAGE);
    while (page.length > 0) {
      await lookAt(page, parts, tally);
      page = payments.page(page.at(-1)?.seq ?? Number.MAX_SAFE_INTEGER, PAGE);
    }
  }
  const findings: AuditFinding[] = [];
  if (tally.suspects.length > 0) await pause();
  for (const suspect of tally.suspects.slice(0, SUSPECTS_MAX)) {
    findings.push(...(await lookAgain(suspect, parts)));
  }
  const how =
    sample === "all"
      ? "all of them"
      : `drawn with seed ${seed}, half of them called more than once if there are any`;
  const compared = `${tally.asked} of ${total} payments, ${how}: each asked for at both processors`;
  const rest = total - tally.asked;
  return auditPart("ids", {
    compared: tally.asked > tally.unanswered ? [compared] : [],
    findings,
    moreFindings: Math.max(0, tally.suspects.length - SUSPECTS_MAX),
    gaps:
      tally.unanswered === 0
        ? []
        : [{ what: `${tally.unanswered} of ${tally.asked} payments`, why: tally.why }],
    leftOut: rest > 0 && sample !== "all" ? [`the other ${rest} payments: --all asks for every one`] : [],
  });
}

async function lookAt(
  payments: readonly AuditedPayment[],
  parts: IdsAuditParts,
  tally: Tally,
): Promise<void> {
  const left = payments.values();
  const worker = async () => {
    for (const payment of left) {
      const lookups = await ask(payment, parts);
      tally.asked++;
      const silent = PROCESSOR_NAMES.find((name) => lookups[name].kind === "unavailable");
      if (silent !== undefined) {
        tally.unanswered++;
        tally.why = `${silent} does not answer: ${codeOf(lookups[silent])}`;
      }
      if (judge(payment, lookups).length > 0) tally.suspects.push(payment);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

/** The same question about the payment as it is now: purged, requeued or settled meanwhile, it is no finding. */
async function lookAgain(
  { seq, correlationId }: AuditedPayment,
  parts: IdsAuditParts,
): Promise<AuditFinding[]> {
  const before = parts.payments.find(seq);
  if (before === null || before.correlationId !== correlationId) return [];
  const lookups = await ask(before, parts);
  const after = parts.payments.find(seq);
  // It moved on while it was asked for: the answers are about neither state.
  return Bun.deepEquals(before, after) ? judge(before, lookups) : [];
}

async function ask(
  { correlationId }: Pick<AuditedPayment, "correlationId">,
  { lookup }: IdsAuditParts,
): Promise<Lookups> {
  const [first, second] = await Promise.all([
    lookup("default", correlationId),
    lookup("fallback", correlationId),
  ]);
  return { default: first, fallback: second };
}

/** What both answers say against the payment's row; an answer that did not come says nothing. */
export function judge(payment: AuditedPayment, lookups: Lookups): AuditFinding[] {
  const { correlationId, status, processor } = payment;
  const where = `payment ${correlationId}, here ${status}${processor === null ? "" : ` at ${processor}`}`;
  const at = PROCESSOR_NAMES.filter((name) => lookups[name].kind === "found");
  if (at.length === PROCESSOR_NAMES.length) {
    return [
      {
        what: "a payment is recorded at both processors: it was charged twice",
        where,
        expected: processor === null ? "recorded at one processor at most" : `recorded at ${processor} only`,
        found: PROCESSOR_NAMES.map((name) => `${name}: ${describe(lookups[name])}`).join("; "),
        advice:
          `Have it refunded at ${processor === null ? "one of them" : otherProcessor(processor)}, and report this with the ` +
          `history of GET /payments/${correlationId}.`,
      },
    ];
  }
  if (status === "settled" && processor !== null) return judgeSettled(payment, processor, lookups, where);
  const [recordedAt] = at;
  if (status !== "dead" || recordedAt === undefined) return [];
  return [
    {
      what: "a payment that counts as not charged is recorded",
      where,
      expected: "recorded at neither processor",
      found: `${recordedAt}: ${describe(lookups[recordedAt])}`,
      advice:
        `Do not requeue it: it might be charged again at ${otherProcessor(recordedAt)}. Have it refunded at ${recordedAt}, or ` +
        "count it by hand and delete its dead letter.",
    },
  ];
}

function judgeSettled(
  { correlationId, amountCents, requestedAtMs }: AuditedPayment,
  processor: ProcessorName,
  lookups: Lookups,
  where: string,
): AuditFinding[] {
  const [own, other] = [lookups[processor], lookups[otherProcessor(processor)]];
  const expected = `recorded at ${processor}: ${describeRecord(amountCents, requestedAtMs ?? Number.NaN)}`;
  if (other.kind === "found") {
    const found = `${otherProcessor(processor)}: ${describe(other)}; ${processor}: ${describe(own)}`;
    const what = "a payment is recorded at the processor where it is not settled";
    const advice = `Ask the operator of ${processor} for ${correlationId}: if it is there, too, it was charged twice.`;
    return [{ what, where, expected, found, advice }];
  }
  if (own.kind === "not-found") {
    const what = "a payment counts as charged, and its processor does not have it";
    const advice = `Was ${processor} purged, or is this another processor? If not, it has lost the payment: tell its operator.`;
    return [{ what, where, expected, found: `${processor}: not recorded`, advice }];
  }
  if (own.kind === "found" && (own.amountCents !== amountCents || own.requestedAtMs !== requestedAtMs)) {
    const what = "a payment is recorded with another amount or time than it is counted with";
    const advice =
      "The summaries of this window differ from the processor's: tell its operator, and report this.";
    return [{ what, where, expected, found: `${processor}: ${describe(own)}`, advice }];
  }
  return [];
}

function describe(lookup: LookupOutcome): string {
  switch (lookup.kind) {
    case "found":
      return describeRecord(lookup.amountCents, lookup.requestedAtMs);
    case "not-found":
      return "not recorded";
    case "unavailable":
      return `no answer (${lookup.code})`;
  }
}

function describeRecord(amountCents: number, requestedAtMs: number): string {
  const at = Number.isFinite(requestedAtMs) ? new Date(requestedAtMs).toISOString() : "no time";
  return `${(amountCents / 100).toFixed(2)} under ${at}`;
}

function codeOf(lookup: LookupOutcome): string {
  return lookup.kind === "unavailable" ? lookup.code : lookup.kind;
}
