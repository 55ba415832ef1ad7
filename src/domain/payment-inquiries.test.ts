import { describe, expect, test } from "bun:test";
import { callsEndAfterMs, type InquiryAnswer, PaymentInquiries } from "./payment-inquiries.ts";
import { PROCESSOR_NAMES, type ProcessorName } from "./processor.ts";

interface Task {
  readonly taskId: number;
}

const NOW = 1_000;

function inquiries(): PaymentInquiries<Task> {
  return new PaymentInquiries<Task>(() => 0);
}

/** Asks until there is a verdict; `answers` plays the processors. @returns it, and who was asked in which order */
function play(answers: Readonly<Record<ProcessorName, readonly InquiryAnswer[]>>) {
  const doubtful = inquiries();
  doubtful.add({ taskId: 1 }, NOW);
  const asked: ProcessorName[] = [];
  const left = { default: [...answers.default], fallback: [...answers.fallback] };
  for (let nowMs = NOW; nowMs < NOW + 3_600_000; nowMs += 10) {
    const inquiry = doubtful.next(nowMs);
    if (inquiry === null) continue;
    asked.push(inquiry.processor);
    const answer = left[inquiry.processor].shift() ?? "unavailable";
    const verdict = doubtful.answered(inquiry, answer, nowMs);
    if (verdict !== "open") return { verdict, asked, isEmpty: doubtful.size === 0 };
  }
  return { verdict: "open", asked, isEmpty: doubtful.size === 0 } as const;
}

describe("a payment that either processor may have", () => {
  test.each([
    [["found"], [], "recorded", ["default"]],
    [["absent"], ["found"], "recorded", ["default", "fallback"]],
    [["absent"], ["absent"], "nowhere", ["default", "fallback"]],
    [["unavailable", "absent"], ["absent"], "nowhere", ["default", "fallback", "default"]],
    [["unavailable"], ["found"], "recorded", ["default", "fallback"]],
    [
      ["absent"],
      ["unavailable", "unavailable", "found"],
      "recorded",
      ["default", "fallback", "fallback", "fallback"],
    ],
  ] as const)("default says %p, fallback %p: %s", (byDefault, byFallback, verdict, asked) => {
    expect(play({ default: byDefault, fallback: byFallback })).toEqual({
      verdict,
      asked: [...asked],
      isEmpty: true,
    });
  });

  test.each(PROCESSOR_NAMES)("stays in doubt while %s is silent, however long", (silent) => {
    const other: readonly InquiryAnswer[] = ["absent"];
    const answers = { default: other, fallback: other, [silent]: [] };
    expect(play(answers)).toMatchObject({ verdict: "open", isEmpty: false });
  });

  test("is not asked for without end while nobody answers: the pauses grow to seconds", () => {
    const { asked } = play({ default: [], fallback: [] });
    expect(asked.length).toBeGreaterThan(500);
    expect(asked.length).toBeLessThan(700);
    expect(asked.filter((name) => name === "default").length).toBeCloseTo(asked.length / 2, -1);
  });
});

describe("bounds", () => {
  test("32 questions at once; an answer makes room for the next", () => {
    const doubtful = inquiries();
    for (let taskId = 1; taskId <= 40; taskId++) doubtful.add({ taskId }, NOW);
    const asked = Array.from({ length: 32 }, () => doubtful.next(NOW));
    expect(asked).not.toContain(null);
    expect([doubtful.next(NOW), doubtful.inFlight, doubtful.nextWakeMs()]).toEqual([null, 32, Infinity]);
    const [first] = asked;
    if (first === null || first === undefined) throw new Error("nothing was asked");
    doubtful.answered(first, "found", NOW);
    expect(doubtful.next(NOW)).not.toBeNull();
    expect(doubtful.size).toBe(39);
  });

  test("one that is handed over twice is asked for once", () => {
    const doubtful = inquiries();
    const task = { taskId: 1 };
    doubtful.add(task, NOW);
    doubtful.add(task, NOW);
    doubtful.next(NOW);
    expect([doubtful.next(NOW), doubtful.size]).toEqual([null, 1]);
  });
});

test("what was cleared away is forgotten; an answer that comes later does not end its successor", () => {
  const doubtful = inquiries();
  doubtful.add({ taskId: 1 }, NOW);
  const before = doubtful.next(NOW);
  if (before === null) throw new Error("nothing was asked");
  doubtful.clear();
  expect([doubtful.size, doubtful.inFlight, doubtful.has(1)]).toEqual([0, 0, false]);
  doubtful.add({ taskId: 1 }, NOW);
  const after = doubtful.next(NOW);
  expect(doubtful.answered(before, "found", NOW)).toBe("open");
  expect(doubtful.size).toBe(1);
  if (after === null) throw new Error("nothing was asked");
  expect(doubtful.answered(after, "found", NOW)).toBe("recorded");
});

test("calls of a gateway that has ended are given three time-outs, and more than the longest delay known", () => {
  expect([10_000, 2_001, 500].map(callsEndAfterMs)).toEqual([30_000, 6_003, 6_000]);
});
