import { describe, expect, test } from "bun:test";
import { topFunctions } from "./cpu-profile.ts";

const frame = (functionName: string, url = "") => ({ functionName, url, lineNumber: 6 });
const PROFILE = {
  nodes: [
    { id: 1, callFrame: frame("(root)") },
    { id: 2, callFrame: frame("parse", "/$bunfs/root/main.js") },
    { id: 3, callFrame: frame("", "/x/accept.ts") },
    { id: 4, callFrame: frame("(idle)") },
    { id: 5, callFrame: frame("parse", "/$bunfs/root/other.js") },
  ],
  samples: [2, 5, 3, 2, 4, 1],
  timeDeltas: [1000, 1000, 1000, 1000, 1000, 1000],
};

describe("the top functions of a profile", () => {
  test("are by their own time, and a function of the executable has no line", () => {
    expect(topFunctions(PROFILE, 9)).toEqual([
      { name: "parse", share: 0.75 },
      { name: "(anonymous) accept.ts:7", share: 0.25 },
    ]);
  });

  test("tell native code from a function without a name", () => {
    const native = { id: 6, callFrame: frame("") };
    expect(topFunctions({ nodes: [native], samples: [6], timeDeltas: [1000] }, 9)).toEqual([
      { name: "native code of Bun, without a name", share: 1 },
    ]);
  });

  test("do not count a pause as work of the sample that ends it", () => {
    const paused = { ...PROFILE, timeDeltas: [1000, 1000, 1_000_000, 1000, 1000, 1000] };
    expect(topFunctions(paused, 9).find(({ name }) => name.includes("accept"))?.share).toBeCloseTo(5 / 8);
  });

  test("are as many as were asked for", () => {
    expect(topFunctions(PROFILE, 1)).toHaveLength(1);
  });
});
