import { beforeEach, describe, expect, test } from "bun:test";
import type { AttemptOutcome } from "./attempt-outcome.ts";
import { type DispatchAction, PaymentDispatcher, type PaymentTask } from "./payment-dispatcher.ts";
import type { ProcessorName } from "./processor.ts";

const settled: AttemptOutcome = { kind: "settled", requestedAtMs: 0 };
const failed: AttemptOutcome = { kind: "failed", code: "http_500" };
const unknown: AttemptOutcome = { kind: "unknown", code: "timeout" };

let dispatcher: PaymentDispatcher;
let nextId: number;

beforeEach(() => {
  dispatcher = new PaymentDispatcher(
    { feeShares: { default: 0.05, fallback: 0.15 }, maxHoldMs: 30_000, timeoutMs: 10_000 },
    () => 0.5,
  );
  nextId = 1;
});

function add(nowMs: number, known: Partial<PaymentTask> = {}): PaymentTask {
  const taskId = nextId;
  nextId += 1;
  const task = {
    taskId,
    amountCents: 1_990,
    acceptedAtMs: nowMs,
    attempts: 0,
    assigned: null,
    uncertain: false,
    ...known,
  };
  dispatcher.add(task, nowMs);
  return task;
}

/** A load that has gone on for a while: so much was paid that some payments may wait for the lower fee. */
function hasPaid(count: number): void {
  for (let paid = 0; paid < count; paid += 1) add(0, { acceptedAtMs: -1_000 });
  expect(dispatcher.remove(() => true)).toBe(count);
}

/** Takes actions until there are none, writing assignments down at once; returns the calls. */
function calls(nowMs: number): DispatchAction[] {
  const found: DispatchAction[] = [];
  for (let action = dispatcher.nextAction(nowMs); action !== null; action = dispatcher.nextAction(nowMs)) {
    if (action.kind === "assign") dispatcher.assigned(action.task.taskId, action.processor, nowMs);
    else found.push(action);
  }
  return found;
}

/** Five payments fail there, so that its breaker opens; they are held afterwards. */
function breakDown(processor: ProcessorName, nowMs: number): void {
  for (let count = 0; count < 5; count += 1) add(nowMs, { assigned: processor });
  for (const { task } of calls(nowMs)) dispatcher.finished(task.taskId, failed, 5, nowMs);
  expect(dispatcher.breakerState(processor)).toBe("open");
}

describe("a fresh payment", () => {
  test("is written down before it is called", () => {
    const task = add(0);
    expect(dispatcher.nextAction(0)).toEqual({ kind: "assign", task, processor: "default" });
    expect(dispatcher.nextAction(0)).toBeNull();
    dispatcher.assigned(task.taskId, "default", 3);
    expect(dispatcher.nextAction(3)).toEqual({ kind: "call", task, processor: "default" });
    expect(task).toMatchObject({ assigned: "default", attempts: 1 });
  });

  test("is called at once when the store wrote the preferred processor down", () => {
    const assigned = dispatcher.preferred(0);
    expect(assigned).toBe("default");
    const task = add(0, { assigned });
    expect(dispatcher.nextAction(0)).toEqual({ kind: "call", task, processor: "default" });
  });

  test("is gone when settled or declined, and taken once when handed over twice", () => {
    const task = add(0);
    dispatcher.add(task, 0);
    expect(calls(0)).toHaveLength(1);
    dispatcher.finished(task.taskId, { kind: "declined", code: "http_400" }, 5, 5);
    expect(dispatcher.size).toBe(0);
    expect(dispatcher.inFlight).toBe(0);
    expect(dispatcher.nextWakeMs(5)).toBe(Number.POSITIVE_INFINITY);
  });

  test("oldest first", () => {
    const young = add(10);
    const old = add(10, { acceptedAtMs: 0 });
    expect(calls(10).map(({ task }) => task.taskId)).toEqual([old.taskId, young.taskId]);
  });
});

describe("a call that came to nothing", () => {
  test("frees the payment for either processor", () => {
    const task = add(0);
    calls(0);
    dispatcher.finished(task.taskId, failed, 5, 5);
    expect(task.assigned).toBeNull();
    expect(dispatcher.waiting).toBe(1);
  });

  test("waits longer each time, so that one bad payment is not the head of the queue at every turn", () => {
    const task = add(0);
    let nowMs = 0;
    let attempts = 0;
    for (; nowMs < 2_000; nowMs += 1) {
      for (const action of calls(nowMs)) {
        attempts += 1;
        dispatcher.finished(action.task.taskId, action.task === task ? failed : settled, 1, nowMs);
      }
      if (nowMs % 10 === 0) add(nowMs);
    }
    expect(task.attempts).toBeGreaterThan(3);
    expect(task.attempts).toBeLessThan(15);
    expect(attempts).toBeGreaterThan(200);
    expect(dispatcher.breakerState("default")).toBe("closed");
  });

  test("429 pauses that processor only", () => {
    const task = add(0);
    calls(0);
    dispatcher.finished(task.taskId, { kind: "refused", code: "http_429", retryAfterMs: 300 }, 1, 1);
    expect(dispatcher.breakerState("default")).toBe("closed");
    expect(calls(100).filter(({ processor }) => processor === "default")).toHaveLength(0);
  });
});

describe("an unknown outcome", () => {
  test("binds the payment: only the same processor is asked, until it knows", () => {
    const task = add(0);
    calls(0);
    dispatcher.finished(task.taskId, unknown, 10_000, 10_000);
    expect(task).toMatchObject({ uncertain: true, assigned: "default" });
    breakDown("default", 10_000);
    const asked: ProcessorName[] = [];
    for (let nowMs = 10_000; nowMs < 100_000; nowMs += 10) {
      for (const action of calls(nowMs)) {
        if (action.task === task) asked.push(action.processor);
        dispatcher.finished(action.task.taskId, action.processor === "default" ? failed : settled, 5, nowMs);
      }
    }
    expect(new Set(asked)).toEqual(new Set(["default"]));
    expect(dispatcher.size).toBe(1);
    dispatcher.healthSeen("default", { failing: false, minResponseTimeMs: 0 }, 100_000);
    for (let nowMs = 100_000; nowMs < 108_000; nowMs += 10) {
      for (const action of calls(nowMs)) dispatcher.finished(action.task.taskId, settled, 5, nowMs);
    }
    expect(dispatcher.size).toBe(0);
  });

  test("a payment read after a crash with a processor written down is asked about there", () => {
    const task = add(0, { assigned: "fallback", uncertain: true, attempts: 1 });
    expect(calls(0)).toEqual([{ kind: "call", task, processor: "fallback" }]);
  });

  test("questions leave most places to payments that have not been called for", () => {
    for (let count = 0; count < 60; count += 1) add(0, { assigned: "default", uncertain: true });
    for (let count = 0; count < 60; count += 1) add(0, { assigned: "default" });
    const all = [0, 20, 40, 60].flatMap(calls);
    expect(all.filter(({ task }) => task.uncertain)).toHaveLength(16);
    const called = all.filter(({ task, processor }) => !task.uncertain && processor === "default");
    expect(called).toHaveLength(48);
  });
});

describe("an outage of the cheaper processor", () => {
  beforeEach(() => hasPaid(2_000));

  test("payments are held, then sent to the dearer one; never longer than the limit", () => {
    breakDown("default", 0);
    expect(calls(10)).toHaveLength(0);
    let lastMs = 0;
    for (let nowMs = 10; nowMs < 30_000 && dispatcher.waiting > 0; nowMs += 10) {
      for (const action of calls(nowMs)) {
        if (action.processor === "fallback") lastMs = nowMs;
        dispatcher.finished(
          action.task.taskId,
          action.processor === "fallback" ? settled : failed,
          5,
          nowMs + 5,
        );
      }
    }
    expect(dispatcher.waiting).toBe(0);
    expect(lastMs).toBeGreaterThan(0);
  });

  test("one probe at a time, of a young payment, and all follow when it succeeds", () => {
    breakDown("default", 0);
    for (let timeMs = 0; timeMs < 50; timeMs += 1) add(timeMs);
    const probes = calls(60);
    expect(probes).toHaveLength(1);
    expect(probes[0]?.task.acceptedAtMs).toBeGreaterThan(20);
    expect(calls(150)).toHaveLength(0);
    dispatcher.finished(probes[0]?.task.taskId ?? 0, settled, 5, 151);
    const drained = [151, 171, 191].flatMap(calls);
    expect(drained).toHaveLength(54);
    expect(new Set(drained.map(({ processor }) => processor))).toEqual(new Set(["default"]));
  });

  test("an assignment that is confirmed after the breaker opened is not called: the payment is free again", () => {
    const task = add(0);
    expect(dispatcher.nextAction(0)?.kind).toBe("assign");
    dispatcher.healthSeen("default", { failing: true, minResponseTimeMs: 0 }, 1);
    dispatcher.assigned(task.taskId, "default", 2);
    expect(dispatcher.nextAction(2)).toBeNull();
    expect(dispatcher.waiting).toBe(1);
    expect(dispatcher.inFlight).toBe(0);
  });

  test("nothing is preferred while payments are held", () => {
    breakDown("default", 0);
    expect(dispatcher.preferred(1)).toBeNull();
  });
});

describe("both processors down", () => {
  test("when one comes back the other is probed at once, and the cheaper takes what waits", () => {
    breakDown("default", 0);
    dispatcher.healthSeen("fallback", { failing: true, minResponseTimeMs: 0 }, 0);
    for (let timeMs = 1; timeMs <= 100; timeMs += 1) add(timeMs);
    const [silent] = calls(100).filter(({ processor }) => processor === "default");
    expect(silent).toBeDefined();
    dispatcher.healthSeen("fallback", { failing: false, minResponseTimeMs: 0 }, 400);
    const [second] = calls(400).filter(({ processor }) => processor === "default");
    expect(second).toBeDefined();
    dispatcher.finished(second?.task.taskId ?? 0, settled, 5, 405);
    expect(dispatcher.breakerState("default")).toBe("closed");
  });
});

describe("a payment about which its processor never answers", () => {
  const called = { default: 0, fallback: 0 };
  /** Plays `everyMs` a payment that is settled, while these are unknown for ever. */
  function play(poison: readonly PaymentTask[], fromMs: number, everyMs: number): number {
    let questions = 0;
    for (let timeMs = fromMs; timeMs < fromMs + 30_000; timeMs += 5) {
      if (everyMs > 0 && timeMs % everyMs === 0) add(timeMs);
      for (const { task, processor } of calls(timeMs)) {
        if (poison.includes(task)) questions++;
        else if (timeMs > fromMs + 1_000) called[processor] += 1;
        dispatcher.finished(task.taskId, poison.includes(task) ? unknown : settled, 1, timeMs);
      }
    }
    return questions;
  }

  test.each([1, 2, 7])("does not keep the others from it, even if there are %d", (count) => {
    called.default = 0;
    called.fallback = 0;
    const poison = Array.from({ length: count }, () => add(0, { assigned: "default", uncertain: true }));
    // Nobody else comes: they fail one after the other until the breaker opens.
    play(poison, 0, 0);
    expect(dispatcher.breakerState("default")).toBe("open");
    play(poison, 30_000, 50);
    expect(called.default).toBeGreaterThan(20 * called.fallback);
    expect(called.default + called.fallback).toBeGreaterThan(500);
  });

  test("is asked about ever more seldom", () => {
    const questions = play([add(0, { assigned: "default", uncertain: true })], 0, 0);
    expect(questions).toBeGreaterThan(6);
    expect(questions).toBeLessThan(25);
  });
});

describe("what the shell measures", () => {
  test("a latency that is a little off does not make an idle processor look slow", () => {
    const task = add(0);
    calls(0);
    dispatcher.finished(task.taskId, settled, 8, 5);
    expect(dispatcher.snapshot(60_000).processors.default.latencyMs).toBeLessThan(10);
  });

  test("an absurd Retry-After does not stop a processor for hours", () => {
    const task = add(0);
    calls(0);
    dispatcher.finished(task.taskId, { kind: "refused", code: "http_429", retryAfterMs: 3_600_000 }, 1, 1);
    expect(calls(500)[0]?.processor).toBe("fallback");
    expect(dispatcher.preferred(600)).toBe("fallback");
    expect(dispatcher.preferred(6_000)).toBe("default");
  });

  test("while nothing can start it sleeps, at most one wake-up per 20 ms", () => {
    add(0, { assigned: "default", uncertain: true });
    const [question] = calls(0);
    dispatcher.finished(
      question?.task.taskId ?? 0,
      { kind: "refused", code: "http_429", retryAfterMs: 3_000 },
      1,
      1,
    );
    expect(dispatcher.nextAction(1_000)).toBeNull();
    expect(dispatcher.nextWakeMs(1_000)).toBe(1_020);
  });
});

describe("purge", () => {
  test("forgets what waits and lets go of what is out", () => {
    add(0, { assigned: "default" });
    const [out] = calls(0);
    add(0);
    expect(dispatcher.nextAction(0)?.kind).toBe("assign");
    add(0, { assigned: "fallback", uncertain: true });
    add(0);
    expect(dispatcher.remove(() => true)).toBe(4);
    expect(dispatcher.size).toBe(0);
    expect(dispatcher.inFlight).toBe(1);
    dispatcher.finished(out?.task.taskId ?? 0, failed, 5, 5);
    expect(dispatcher.inFlight).toBe(0);
    expect(dispatcher.nextAction(100)).toBeNull();
  });

  test("removes only what the predicate accepts", () => {
    const kept = add(0);
    const removed = add(0);
    expect(dispatcher.remove((task) => task === removed)).toBe(1);
    expect(calls(0).map(({ task }) => task)).toEqual([kept]);
  });
});

describe("a task that is leased again while its old call is out", () => {
  test("waits for that call's end, and no place at the processor is lost", () => {
    const before = Array.from({ length: 8 }, () => add(0, { assigned: "default" }));
    expect(calls(0)).toHaveLength(8);
    dispatcher.clear();
    for (const task of before) dispatcher.add({ ...task, attempts: 0, uncertain: true }, 10);
    expect(calls(10)).toEqual([]);
    for (const { taskId } of before) dispatcher.finished(taskId, settled, 20, 20);
    const again = calls(5_000);
    expect(again.map(({ task }) => task.taskId).sort()).toEqual(before.map(({ taskId }) => taskId).sort());
    for (const { task } of again) dispatcher.finished(task.taskId, settled, 5, 5_005);
    expect([dispatcher.inFlight, dispatcher.size]).toEqual([0, 0]);
  });
});

describe("many payments", () => {
  test("a backlog of 10,000 drains within 10 s at answers of 20 ms, without a wake-up per call", () => {
    for (let count = 0; count < 10_000; count += 1) add(0);
    const ends: { readonly atMs: number; readonly taskId: number }[] = [];
    let nowMs = 0;
    let wakes = 0;
    while (dispatcher.size > 0 && nowMs < 20_000) {
      wakes += 1;
      for (const { task } of calls(nowMs)) ends.push({ atMs: nowMs + 20, taskId: task.taskId });
      const wakeMs = dispatcher.nextWakeMs(nowMs);
      nowMs = Math.min(wakeMs, ends[0]?.atMs ?? wakeMs);
      while ((ends[0]?.atMs ?? Number.POSITIVE_INFINITY) <= nowMs) {
        dispatcher.finished(ends.shift()?.taskId ?? 0, settled, 20, nowMs);
      }
    }
    expect(dispatcher.size).toBe(0);
    expect(nowMs).toBeLessThan(10_000);
    expect(wakes).toBeLessThan(3_000);
  });

  test("16,000 held payments cost a decision each time, not a walk through all of them", () => {
    dispatcher.healthSeen("default", { failing: true, minResponseTimeMs: 0 }, 0);
    dispatcher.healthSeen("fallback", { failing: true, minResponseTimeMs: 0 }, 0);
    for (let count = 0; count < 16_000; count += 1) add(0);
    // CPU time: the machine may be busy with something else.
    const started = process.cpuUsage();
    for (let count = 0; count < 10_000; count += 1) dispatcher.nextAction(1);
    const { user, system } = process.cpuUsage(started);
    expect((user + system) / 10_000).toBeLessThan(50);
  });
});
