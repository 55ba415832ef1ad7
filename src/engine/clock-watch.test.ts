import { expect, test } from "bun:test";
import { Doorbell } from "../ring/doorbell.ts";
import { watchClock } from "./clock-watch.ts";

/** A watch over clocks that the test sets; bells count how often they were rung. */
function watched() {
  const bells = { store: new Doorbell(), storeUrgent: new Doorbell(), storeSleep: new Doorbell() };
  const clock = { aheadMs: 0 };
  const steadyMs = () => performance.now();
  const stop = watchClock(bells, { steadyMs, wallMs: () => steadyMs() + clock.aheadMs });
  const rings = () => [bells.store.value, bells.storeUrgent.value, bells.storeSleep.value];
  return { clock, stop, rings };
}

/** Several looks, on a busy machine too. */
const LOOKS_MS = 500;

async function untilRung(rings: () => number[], times: number): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (Math.min(...rings()) < times && performance.now() < deadline) await Bun.sleep(10);
}

test("a clock that is set back wakes every sleeper, once per step", async () => {
  const { clock, stop, rings } = watched();
  clock.aheadMs = -3_600_000;
  await untilRung(rings, 1);
  await Bun.sleep(LOOKS_MS);
  expect(rings()).toEqual([1, 1, 1]);
  clock.aheadMs -= 50;
  await untilRung(rings, 2);
  expect(rings()).toEqual([2, 2, 2]);
  stop();
});

test("a clock that runs, or is set forward, wakes nobody; one that is set back from there does", async () => {
  const { clock, stop, rings } = watched();
  clock.aheadMs = 60_000;
  await Bun.sleep(LOOKS_MS);
  expect(rings()).toEqual([0, 0, 0]);
  clock.aheadMs = 0;
  await untilRung(rings, 1);
  expect(rings()).toEqual([1, 1, 1]);
  stop();
});
