import { expect, test } from "bun:test";
import { createEngineMemory } from "./engine-memory.ts";
import { SharedState } from "./shared-state.ts";

test("an answer counts as main's beat, but not once the watch has ended", () => {
  const state = new SharedState(createEngineMemory(1).state);
  state.mainAnswered(1_000);
  expect(state.mainBeatMs).toBe(0);
  state.mainBeatMs = 2_000;
  state.mainAnswered(3_000);
  expect(state.mainBeatMs).toBe(3_000);
});
