import { describe, expect, test } from "bun:test";
import type { AuditedPayment } from "../modules/payments/audit-queries.ts";
import type { LookupOutcome } from "../upstreams/processor-client.ts";
import { counterWindows } from "./audit-counters.ts";
import { auditIdsPart, type IdsAuditParts, judge } from "./audit-ids.ts";
import { type AuditFinding, auditPart, renderReport, reportJson, resultOf } from "./audit-report.ts";
import { createRandom } from "./seeded-random.ts";

const NOW = 1_763_600_000_000;
const ID = "0198c2a4-6d1e-7c3b-9a55-2f6f7f1d9e10";
const SETTLED: AuditedPayment = {
  seq: 1,
  correlationId: ID,
  amountCents: 1_990,
  status: "settled",
  processor: "default",
  requestedAtMs: NOW,
};
const PENDING: AuditedPayment = { ...SETTLED, status: "pending", processor: null, requestedAtMs: null };
const DEAD: AuditedPayment = { ...PENDING, status: "dead" };
const FOUND: LookupOutcome = { kind: "found", requestedAtMs: NOW, amountCents: 1_990 };
const ABSENT: LookupOutcome = { kind: "not-found" };
const SILENT: LookupOutcome = { kind: "unavailable", code: "timeout" };

describe("what the processors say of a payment", () => {
  test.each([
    ["settled where it is recorded", SETTLED, FOUND, ABSENT, null],
    ["settled, and nobody answers", SETTLED, SILENT, SILENT, null],
    ["settled, and only the other one answers", SETTLED, SILENT, ABSENT, null],
    ["settled and recorded at both", SETTLED, FOUND, FOUND, "charged twice"],
    ["settled and recorded elsewhere only", SETTLED, ABSENT, FOUND, "where it is not settled"],
    ["settled and elsewhere, its own silent", SETTLED, SILENT, FOUND, "where it is not settled"],
    ["settled and recorded nowhere", SETTLED, ABSENT, ABSENT, "does not have it"],
    ["another amount", SETTLED, { ...FOUND, amountCents: 1_991 }, ABSENT, "another amount or time"],
    ["another time", SETTLED, { ...FOUND, requestedAtMs: NOW + 1 }, ABSENT, "another amount or time"],
    ["pending and nowhere", PENDING, ABSENT, ABSENT, null],
    ["pending and recorded: it is about to be settled", PENDING, ABSENT, FOUND, null],
    ["pending and recorded at both", PENDING, FOUND, FOUND, "charged twice"],
    ["dead and nowhere", DEAD, ABSENT, ABSENT, null],
    ["dead and recorded", DEAD, FOUND, ABSENT, "counts as not charged"],
  ] as const)("%s", (_, payment, byDefault, fallback, what) => {
    const findings = judge(payment, { default: byDefault, fallback });
    expect(findings.map((finding) => finding.what)).toEqual(
      what === null ? [] : [expect.stringContaining(what)],
    );
  });
});

/** Payments in memory; `rows` may change between two reads. */
function idsAudit(
  rows: () => AuditedPayment[],
  lookups: Record<string, LookupOutcome>,
  change: Partial<IdsAuditParts> = {},
) {
  const payments = {
    counts: () => ({ pending: 0, settled: rows().length, dead: 0 }),
    sample: (limit: number) => rows().slice(0, limit),
    page: (seq: number, limit: number) =>
      rows()
        .filter((row) => row.seq > seq)
        .slice(0, limit),
    find: (seq: number) => rows().find((row) => row.seq === seq) ?? null,
  };
  return auditIdsPart({
    // The rest of the class reads what is not needed here.
    payments: payments as unknown as IdsAuditParts["payments"],
    lookup: async (processor) => lookups[processor] ?? ABSENT,
    sample: "all",
    seed: 1,
    pause: async () => {},
    ...change,
  });
}

describe("the ids", () => {
  test("a difference that is gone at the second look is none: the payment moved on", async () => {
    const rows = [DEAD];
    const moved = { ...SETTLED };
    const part = await idsAudit(
      () => rows,
      { default: FOUND },
      { pause: async () => void rows.splice(0, 1, moved) },
    );
    expect(part.findings).toEqual([]);
  });

  test("one that was purged meanwhile is none either", async () => {
    const rows = [SETTLED];
    const part = await idsAudit(() => rows, {}, { pause: async () => void rows.pop() });
    expect(part.findings).toEqual([]);
  });

  test("every payment is asked for with --all, over many pages; each difference once", async () => {
    const rows = Array.from({ length: 1_203 }, (_, index) => ({ ...SETTLED, seq: index + 1 }));
    const part = await idsAudit(() => rows, { default: FOUND, fallback: FOUND });
    expect(part.compared).toEqual(["1203 of 1203 payments, all of them: each asked for at both processors"]);
    expect(part.findings.length + part.moreFindings).toBe(1_203);
  });

  test("what was not answered is not claimed", async () => {
    const part = await idsAudit(() => [SETTLED], { default: SILENT });
    expect(part.compared).toEqual([]);
    expect(part.gaps).toEqual([{ what: "1 of 1 payments", why: "default does not answer: timeout" }]);
  });
});

describe("the windows that are compared with Redis", () => {
  test("are the same for the same seed, and within the payments' times", () => {
    const span = { firstMs: NOW - 3_600_000, lastMs: NOW };
    const one = counterWindows(span, createRandom(7));
    expect(one).toEqual(counterWindows(span, createRandom(7)));
    expect(one).not.toEqual(counterWindows(span, createRandom(8)));
    expect(one).toHaveLength(1 + 7 + 3 + 20);
    for (const { ranges } of one)
      for (const { first, last } of ranges) expect(first).toBeLessThanOrEqual(last);
  });

  test("never make Redis look through more buckets of a level than it keeps", () => {
    const windows = counterWindows({ firstMs: 0, lastMs: NOW }, createRandom(1));
    const finest = windows.flatMap(({ ranges }) => ranges).filter(({ level }) => level < 3);
    for (const { first, last } of finest) expect(last - first).toBeLessThanOrEqual(130_000);
  });

  test("without any payment: one", () => {
    expect(counterWindows(null, createRandom(1))).toHaveLength(1);
  });
});

describe("the page", () => {
  const finding: AuditFinding = { what: "W", where: "H", expected: "E", found: "F", advice: "A" };
  const report = (...parts: Parameters<typeof auditPart>[]) => ({
    databaseFile: "x.db",
    atMs: NOW,
    parts: parts.map((part) => auditPart(...part)),
  });

  test("differences are 1 and said in five lines; what is beyond twenty is counted", () => {
    const findings = Array.from({ length: 23 }, () => finding);
    const said = report(["ids", { findings, gaps: [{ what: "g", why: "y" }] }]);
    expect(resultOf(said)).toBe("differs");
    const lines = renderReport(said);
    expect(lines).toContain("  do        A");
    expect(lines.filter((line) => line.startsWith("DIFFERENCE (ids): W"))).toHaveLength(20);
    expect(lines).toContain("… and 3 more of ids");
    expect(lines.at(-1)).toBe("audit: 23 differences");
    expect(JSON.parse(reportJson(said))).toMatchObject({ result: "differs", differences: 23 });
  });

  test("a gap alone is incomplete; what was left out on purpose is not", () => {
    expect(resultOf(report(["redis", { gaps: [{ what: "g", why: "y" }] }]))).toBe("incomplete");
    expect(resultOf(report(["redis", { leftOut: ["not asked for"] }]))).toBe("agrees");
  });
});
