import { beforeEach, describe, expect, test } from "bun:test";
import type { PaymentTask } from "./payment-task.ts";
import type { ProcessorName } from "./processor.ts";
import { ProcessorLane } from "./processor-lane.ts";
import { ProcessorScouting } from "./processor-scouting.ts";
import type { Route } from "./routing.ts";

const TIMEOUT_MS = 10_000;
const go = (processor: ProcessorName): Route => ({ kind: "go", processor });

let cheaper: ProcessorLane<PaymentTask>;
let dearer: ProcessorLane<PaymentTask>;
let scouting: ProcessorScouting<PaymentTask>;

beforeEach(() => {
  cheaper = new ProcessorLane("default", 0.05, TIMEOUT_MS, 100);
  dearer = new ProcessorLane("fallback", 0.15, TIMEOUT_MS, 100);
  scouting = new ProcessorScouting({ default: cheaper, fallback: dearer }, "default", TIMEOUT_MS);
});

/** Calls that are begun now and not answered. */
function hang(lane: ProcessorLane<PaymentTask>, count: number, nowMs: number): void {
  for (let call = 0; call < count; call += 1) {
    lane.placeTaken(nowMs);
    lane.callStarted(nowMs);
  }
}

function answer(lane: ProcessorLane<PaymentTask>, startedMs: number, nowMs: number): void {
  lane.inFlight -= 1;
  lane.callEnded(startedMs);
  lane.answered(nowMs - startedMs, true, nowMs);
}

describe("a scout", () => {
  test("goes to the cheaper one that is passed over for being slow, once a second", () => {
    cheaper.healthSeen(false, 2_000, 0);
    expect(scouting.laneToScout(go("fallback"), 0)).toBe(cheaper);
    hang(cheaper, 1, 0);
    expect(scouting.laneToScout(go("fallback"), 999)).toBeNull();
    expect(scouting.laneToScout(go("fallback"), 1_000)).toBe(cheaper);
  });

  test("goes there even while calls that hang hold every place under the limit, never beyond the maximum", () => {
    hang(cheaper, cheaper.limit.value, 0);
    expect(cheaper.hasRoom(2_000)).toBe(false);
    expect(scouting.laneToScout(go("fallback"), 2_000)).toBe(cheaper);
    hang(cheaper, 100 - cheaper.inFlight, 2_000);
    expect(scouting.laneToScout(go("fallback"), 4_000)).toBeNull();
  });

  test("that is answered quickly says how quick the processor is now, whatever hangs from before", () => {
    cheaper.healthSeen(false, 5_000, 0);
    hang(cheaper, 10, 100);
    hang(cheaper, 1, 2_000);
    expect(cheaper.expectedLatencyMs(2_020)).toBe(5_000);
    answer(cheaper, 2_000, 2_020);
    expect(cheaper.expectedLatencyMs(2_020)).toBeLessThan(100);
    expect(scouting.laneToScout(go("fallback"), 4_000)).toBeNull();
  });

  test("goes to the dearer one only if a payment would wait, or get a slow answer at the cheaper one, too", () => {
    dearer.healthSeen(false, 3_000, 0);
    expect(scouting.laneToScout(go("default"), 0)).toBeNull();
    expect(scouting.laneToScout({ kind: "hold", for: "default" }, 0)).toBe(dearer);
    cheaper.healthSeen(false, 2_000, 0);
    expect(scouting.laneToScout(go("default"), 0)).toBe(dearer);
  });

  test("none goes to a processor that is down, or has asked for a pause", () => {
    cheaper.healthSeen(true, 2_000, 0);
    expect(scouting.laneToScout(go("fallback"), 5_000)).toBeNull();
    cheaper.healthSeen(false, 2_000, 5_000);
    cheaper.refused(1, 3_000, 5_000);
    expect(scouting.laneToScout(go("fallback"), 7_999)).toBeNull();
    expect(scouting.laneToScout(go("fallback"), 8_000)).toBe(cheaper);
  });
});

test("health that has changed tells of now: calls that hang from before make the processor slow no more", () => {
  cheaper.healthSeen(false, 8_000, 0);
  hang(cheaper, 3, 100);
  cheaper.healthSeen(false, 20, 5_000);
  expect(cheaper.expectedLatencyMs(6_000)).toBe(20);
});
