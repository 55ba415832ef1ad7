import { afterEach, expect, setSystemTime, test } from "bun:test";
import type { SharedState } from "../engine/shared-state.ts";
import type { Doorbell } from "../ring/doorbell.ts";
import { HealthTurn } from "./health-turn.ts";

afterEach(() => {
  setSystemTime();
});

function turnWith(grantUntilMs: number) {
  const wanted: boolean[] = [];
  const state = {
    setPollWanted: (_: string, isWanted: boolean) => wanted.push(isWanted),
    pollGrantUntilMs: () => grantUntilMs,
  };
  // The rest of both is not needed here.
  const turn = new HealthTurn(
    "default",
    state as unknown as SharedState,
    {
      ring: () => {},
    } as unknown as Doorbell,
  );
  return { turn, wanted };
}

test("a grant is used once", async () => {
  const { turn, wanted } = turnWith(Date.now() + 60_000);
  expect(await turn.take()).toBe(true);
  expect(await turn.take()).toBe(false);
  expect(wanted).toEqual([true, false, true, false]);
});

test("without a grant the patience ends, also when the clock is set back by an hour meanwhile", async () => {
  const { turn, wanted } = turnWith(0);
  const taken = turn.take();
  setSystemTime(new Date(Date.now() - 3_600_000));
  // The test's own time limit ends a wait of an hour.
  expect(await taken).toBe(false);
  expect(wanted).toEqual([true, false]);
});
