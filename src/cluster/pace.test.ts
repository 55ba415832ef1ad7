import { afterEach, expect, setSystemTime, test } from "bun:test";
import { Pace } from "./pace.ts";

afterEach(() => {
  setSystemTime();
});

test("a step is due when the last one has ended and its pause is over", async () => {
  let nowMs = 5;
  const pace = new Pace(() => nowMs);
  const ended = Promise.withResolvers<void>();
  expect(pace.isDue).toBe(true);
  const running = pace.run(
    () => ended.promise,
    () => 40,
  );
  nowMs += 1_000;
  expect(pace.isDue).toBe(false);
  ended.resolve();
  await running;
  expect(pace.isDue).toBe(false);
  nowMs += 39;
  expect(pace.isDue).toBe(false);
  nowMs += 1;
  expect(pace.isDue).toBe(true);
});

test("a wall clock that is set back by an hour does not make the pause longer", async () => {
  const pace = new Pace();
  await pace.run(
    async () => {},
    () => 20,
  );
  setSystemTime(new Date(Date.now() - 3_600_000));
  // The test's own time limit ends a pause of an hour.
  while (!pace.isDue) await Bun.sleep(5);
});
