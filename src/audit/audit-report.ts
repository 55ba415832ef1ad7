/** One thing that is not as it must be, for somebody who reads it at three in the morning. */
export interface AuditFinding {
  /** A sentence without a full stop. */
  readonly what: string;
  /** The payment, account, window or table that it is about. */
  readonly where: string;
  readonly expected: string;
  readonly found: string;
  /** What to do now. */
  readonly advice: string;
}

/** Something that was to be compared and could not be. */
export interface AuditGap {
  readonly what: string;
  readonly why: string;
}

/** What one part of the audit came to. It claims what is in `compared`, and nothing else. */
export interface AuditPart {
  /** "ledger", "payments", … */
  readonly name: string;
  /** What was compared with what, and how much of it; empty: nothing was. */
  readonly compared: readonly string[];
  readonly findings: readonly AuditFinding[];
  /** Findings beyond those that are told. */
  readonly moreFindings: number;
  readonly gaps: readonly AuditGap[];
  /** What was left out because nobody asked for it, or it cannot be compared in this set-up. */
  readonly leftOut: readonly string[];
}

export interface AuditReport {
  readonly databaseFile: string;
  readonly atMs: number;
  readonly parts: readonly AuditPart[];
}

/** differs: at least one finding. incomplete: none, but something could not be compared. */
export type AuditResult = "agrees" | "differs" | "incomplete";

/** Told per part; a broken database would give millions. */
export const FINDINGS_MAX = 20;

/** A part with what is not said left empty; findings past the bound are counted. */
export function auditPart(name: string, said: Partial<Omit<AuditPart, "name">>): AuditPart {
  const { compared = [], findings = [], moreFindings = 0, gaps = [], leftOut = [] } = said;
  return {
    name,
    compared,
    findings: findings.slice(0, FINDINGS_MAX),
    moreFindings: moreFindings + Math.max(0, findings.length - FINDINGS_MAX),
    gaps,
    leftOut,
  };
}

export function resultOf({ parts }: AuditReport): AuditResult {
  if (parts.some(({ findings }) => findings.length > 0)) return "differs";
  return parts.some(({ gaps }) => gaps.length > 0) ? "incomplete" : "agrees";
}

export function countFindings({ parts }: AuditReport): number {
  return parts.reduce((sum, { findings, moreFindings }) => sum + findings.length + moreFindings, 0);
}

/** The report as lines of text: what was compared, what was not, each difference, the verdict last. */
export function renderReport(report: AuditReport): string[] {
  const { parts } = report;
  const gaps = parts.flatMap((part) => part.gaps.map((gap) => `${part.name}: ${gap.what}: ${gap.why}`));
  const leftOut = parts.flatMap((part) => part.leftOut.map((text) => `${part.name}: ${text}`));
  return [
    `audit of ${report.databaseFile}, ${new Date(report.atMs).toISOString()}`,
    ...section(
      "compared",
      parts.flatMap((part) => part.compared.map((text) => `${part.name}: ${text}`)),
    ),
    ...section("not compared", leftOut),
    ...section("COULD NOT BE COMPARED", gaps),
    ...parts.flatMap(renderFindings),
    "",
    verdictOf(report, gaps.length),
  ];
}

/** The report for machines. */
export function reportJson(report: AuditReport): string {
  const { databaseFile, atMs, parts } = report;
  const at = new Date(atMs).toISOString();
  const differences = countFindings(report);
  return JSON.stringify({ result: resultOf(report), differences, database: databaseFile, at, parts });
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`${title}:`, ...lines.map((line) => `  ${line}`)];
}

function renderFindings({ name, findings, moreFindings }: AuditPart): string[] {
  const lines = findings.flatMap(({ what, where, expected, found, advice }) => [
    "",
    `DIFFERENCE (${name}): ${what}`,
    `  where     ${where}`,
    `  expected  ${expected}`,
    `  found     ${found}`,
    `  do        ${advice}`,
  ]);
  return moreFindings === 0 ? lines : [...lines, "", `… and ${moreFindings} more of ${name}`];
}

function verdictOf(report: AuditReport, gaps: number): string {
  const differences = countFindings(report);
  switch (resultOf(report)) {
    case "agrees":
      return "audit: what was compared agrees";
    case "differs":
      return `audit: ${differences} ${differences === 1 ? "difference" : "differences"}`;
    case "incomplete":
      return `audit: no difference in what was compared, but ${gaps} could not be compared`;
  }
}

/** Counts and sums of one processor, as the pages say them. */
export function describeTotals(count: number, cents: number): string {
  return `${count} ${count === 1 ? "payment" : "payments"} over ${(cents / 100).toFixed(2)}`;
}
