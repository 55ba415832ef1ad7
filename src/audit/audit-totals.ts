import type { ProcessorName } from "../domain/processor.ts";
import type { PaymentAuditQueries } from "../modules/payments/audit-queries.ts";
import { type PaymentQueries, windowRanges } from "../modules/payments/queries.ts";
import { processorNumber } from "../ring/frames.ts";
import {
  type AuditFinding,
  type AuditGap,
  type AuditPart,
  auditPart,
  describeTotals,
} from "./audit-report.ts";
import type { BookedTotals, ProcessorBooks } from "./processor-books.ts";

export interface TotalsAuditParts {
  readonly queries: PaymentQueries;
  readonly payments: PaymentAuditQueries;
  readonly books: readonly ProcessorBooks[];
  /** Runs several reads on one state of the database. */
  readonly atOneMoment: <Read>(read: () => Read) => Read;
  readonly nowMs: () => number;
  readonly pause: () => Promise<void>;
}

/** A window that nothing in flight can change any more, and what our books say of it. */
interface CertainWindow {
  readonly fromMs: number;
  readonly toMs: number;
  readonly ours: Readonly<Record<ProcessorName, BookedTotals>>;
}

/** Calls that look for the millisecond of a difference: twice 64 halvings would be enough for all of time. */
const STEPS_MAX = 64;
const IDS_MAX = 5;

/**
 * The processors' own totals against ours (R6), while the gateway runs.
 *
 *   first payment accepted ──────── equal ────────┤ oldest pending one accepted ── more by those in flight at most ── now
 *
 * A payment is recorded under a time at which it was sent, so never under one before it was accepted: up to the moment
 * before the oldest pending one was accepted, both books are closed.
 */
export async function auditTotalsPart(parts: TotalsAuditParts): Promise<AuditPart> {
  const window = certainWindow(parts);
  const closed = window === null ? NOTHING : await compareClosed(window, parts);
  const open = await compareOpen(window === null ? 0 : window.toMs + 1, parts);
  return auditPart("totals", {
    compared: [...closed.compared, ...open.compared],
    findings: [...closed.findings, ...open.findings],
    gaps: closed.gaps.length > 0 ? closed.gaps : open.gaps,
  });
}

type Said = Pick<AuditPart, "compared" | "findings" | "gaps">;
const NOTHING: Said = { compared: [], findings: [], gaps: [] };

async function compareClosed(window: CertainWindow, parts: TotalsAuditParts): Promise<Said> {
  const said: string[] = [];
  const findings: AuditFinding[] = [];
  const gaps: AuditGap[] = [];
  for (const books of parts.books) {
    const compared = await compareTotals(books, window, parts);
    const { count, cents } = window.ours[books.name];
    if (compared.kind === "unavailable")
      gaps.push({ what: `the totals of ${books.name}`, why: compared.why });
    else said.push(`${books.name}: ${describeTotals(count, cents)}`);
    if (compared.kind === "differs") findings.push(compared.finding);
  }
  const where = `settled from ${iso(window.fromMs)} to ${iso(window.toMs)}`;
  return {
    compared: said.length === 0 ? [] : [`the processors' totals of what was ${where}: ${said.join(", ")}`],
    findings,
    gaps,
  };
}

/**
 * What came after the closed window: what a processor has recorded is settled or pending here a moment later, so they can
 * have more than we by what is pending, and no more than that. A restored database shows here what came after its backup.
 */
async function compareOpen(fromMs: number, parts: TotalsAuditParts): Promise<Said> {
  const { queries, payments, books, atOneMoment, nowMs } = parts;
  if (payments.counts().oldestAtMs === null) return NOTHING;
  const beginMs = Math.max(fromMs, payments.counts().oldestAtMs ?? 0);
  const theirs: string[] = [];
  let recorded = 0;
  for (const one of books) {
    const answer = await one.totals(beginMs, nowMs() + DAY_MS);
    if (answer.kind === "unavailable") {
      return { ...NOTHING, gaps: [{ what: `the totals of ${one.name}`, why: answer.why }] };
    }
    recorded += answer.totals.count;
    theirs.push(`${one.name} ${answer.totals.count}`);
  }
  // After their answers: what they had is here by now.
  const { settled, pending } = atOneMoment(() => {
    const { defaultCount, fallbackCount } = queries.sums(windowRanges(beginMs, Number.POSITIVE_INFINITY));
    return { settled: defaultCount + fallbackCount, pending: payments.counts().pending };
  });
  const compared = [
    `the processors' totals since then: no more than the ${settled} settled and ${pending} pending payments of this database`,
  ];
  if (recorded <= settled + pending) return { ...NOTHING, compared };
  const finding: AuditFinding = {
    what: "the processors have recorded more payments than this database can have sent",
    where: `both processors, from ${iso(beginMs)} on`,
    expected: `at most ${settled + pending}: ${settled} settled and ${pending} pending`,
    found: `${recorded}: ${theirs.join(", ")}`,
    advice: adviceOn({ count: 0, cents: 0 }, { count: 1, cents: 0 }),
  };
  return { ...NOTHING, compared, findings: [finding] };
}

const DAY_MS = 86_400_000;

function certainWindow({ queries, payments, atOneMoment, nowMs }: TotalsAuditParts): CertainWindow | null {
  // Before the snapshot is taken: what is accepted from now on is recorded after this time.
  const beforeMs = nowMs() - 1;
  return atOneMoment(() => {
    const { oldestAtMs, oldestPendingAtMs } = payments.counts();
    const toMs = Math.min(beforeMs, (oldestPendingAtMs ?? Number.POSITIVE_INFINITY) - 1);
    if (oldestAtMs === null || oldestAtMs > toMs) return null;
    const sums = queries.sums(windowRanges(oldestAtMs, toMs));
    const ours = {
      default: { count: sums.defaultCount, cents: sums.defaultCents },
      fallback: { count: sums.fallbackCount, cents: sums.fallbackCents },
    };
    return { fromMs: oldestAtMs, toMs, ours };
  });
}

type TotalsComparison =
  | { readonly kind: "same" }
  | { readonly kind: "differs"; readonly finding: AuditFinding }
  | { readonly kind: "unavailable"; readonly why: string };

async function compareTotals(
  books: ProcessorBooks,
  { fromMs, toMs, ours: { [books.name]: ours } }: CertainWindow,
  parts: TotalsAuditParts,
): Promise<TotalsComparison> {
  let theirs = await books.totals(fromMs, toMs);
  if (theirs.kind === "totals" && !isSame(ours, theirs.totals)) {
    await parts.pause();
    theirs = await books.totals(fromMs, toMs);
  }
  if (theirs.kind === "unavailable") return theirs;
  if (isSame(ours, theirs.totals)) return { kind: "same" };
  const place = await findPlace(books, fromMs, toMs, parts);
  const finding: AuditFinding = {
    what: `${books.name} has other totals than this database`,
    where: `${books.name}, from ${iso(fromMs)} to ${iso(toMs)}${place}`,
    expected: `${describeTotals(ours.count, ours.cents)} (database)`,
    found: `${describeTotals(theirs.totals.count, theirs.totals.cents)} (${books.name})`,
    advice: adviceOn(ours, theirs.totals),
  };
  return { kind: "differs", finding };
}

function adviceOn(ours: BookedTotals, theirs: BookedTotals): string {
  if (theirs.count > ours.count) {
    return (
      "Payments were charged that are not settled here: from another gateway, before a purge or after the backup that was " +
      "restored, or by a defect. `audit --all` asks for each id; ask the processor's operator for the ids of that time."
    );
  }
  if (theirs.count < ours.count) {
    return (
      "Payments are settled here that the processor does not have: was it purged, or is this another processor? " +
      "`audit --all` names them."
    );
  }
  return "As many payments, other amounts: `audit --all` names those whose amounts differ.";
}

/** Halves the window down to the first millisecond that differs: it is what one asks the processor's operator about. */
async function findPlace(
  books: ProcessorBooks,
  fromMs: number,
  toMs: number,
  { queries, payments }: TotalsAuditParts,
): Promise<string> {
  let [low, high] = [fromMs, toMs];
  for (let step = 0; low < high && step < STEPS_MAX; step++) {
    const middle = low + Math.floor((high - low) / 2);
    const theirs = await books.totals(low, middle);
    if (theirs.kind === "unavailable") return "";
    const summary = queries.sums(windowRanges(low, middle));
    const ours =
      books.name === "default"
        ? { count: summary.defaultCount, cents: summary.defaultCents }
        : { count: summary.fallbackCount, cents: summary.fallbackCents };
    if (isSame(ours, theirs.totals)) low = middle + 1;
    else high = middle;
  }
  const ids = payments.settledBetween(processorNumber(books.name), low, high, IDS_MAX);
  return `; the first difference is at ${iso(low)}, settled here then: ${ids.length === 0 ? "none" : ids.join(", ")}`;
}

function isSame(one: BookedTotals, other: BookedTotals): boolean {
  return one.count === other.count && one.cents === other.cents;
}

function iso(atMs: number): string {
  return new Date(atMs).toISOString();
}
