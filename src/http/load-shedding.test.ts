import { beforeEach, describe, expect, test } from "bun:test";
import { LoadShedder } from "./load-shedding.ts";

const POST = { method: "POST" };

let nowMs: number;
let refused: number;
let begun: number;
let due: (() => void)[];
/** How long all takes that is ready. */
let turnMs: number;
let shedder: LoadShedder;

beforeEach(() => {
  nowMs = 1_000;
  refused = 0;
  begun = 0;
  due = [];
  let drawn = 0;
  shedder = new LoadShedder({
    onRefused: () => refused++,
    onBegin: () => begun++,
    now: () => nowMs,
    // Evenly spread: of any ten in a row each tenth once.
    random: () => (drawn++ % 10) / 10,
    later: (work) => due.push(work),
    afterTurn: (work) => {
      nowMs += turnMs;
      work();
    },
  });
});

/** A second of requests, in which turns of the event loop are so long. */
function second(...turnsMs: readonly number[]): void {
  const endMs = nowMs + 1_000;
  for (let index = 0; nowMs < endMs; index++) {
    shedder.admit(POST);
    turnMs = turnsMs[index % turnsMs.length] ?? 0;
    nowMs += 50;
    for (const work of due.splice(0)) work();
  }
}

describe("load shedding", () => {
  test("a quick replica refuses nothing", () => {
    for (let count = 0; count < 10; count++) second(0);
    expect([refused, begun, shedder.share]).toEqual([0, 0, 0]);
  });

  test("nor does one that is busy now and then, however long", () => {
    for (let count = 0; count < 10; count++) second(300, 300, 0);
    expect(refused).toBe(0);
  });

  test("nor one that slept: a single long turn is no queue", () => {
    second(0);
    second(60_000);
    second(0);
    expect(refused).toBe(0);
  });

  test("while no turn is short a growing part is refused, at most nine of ten, and it is said once", () => {
    for (let count = 0; count < 3; count++) second(200);
    expect(shedder.share).toBeGreaterThan(0.2);
    for (let count = 0; count < 20; count++) second(200);
    expect(shedder.share).toBe(0.9);
    expect(begun).toBe(1);
    const answers = Array.from({ length: 100 }, () => shedder.admit(POST));
    expect(answers.filter((answer) => answer !== null)).toHaveLength(90);
  });

  test("a refusal says when to come again, and that nothing was taken", async () => {
    for (let count = 0; count < 20; count++) second(200);
    const answer = Array.from({ length: 10 }, () => shedder.admit(POST)).find((found) => found !== null);
    expect(answer?.status).toBe(503);
    expect(answer?.headers.get("retry-after")).toBe("1");
    expect(await answer?.json()).toMatchObject({ code: "OVERLOADED" });
  });

  test("reads are never refused", () => {
    for (let count = 0; count < 20; count++) second(200);
    expect(
      Array.from({ length: 50 }, () => shedder.admit({ method: "GET" })).every((one) => one === null),
    ).toBe(true);
  });

  test("when the queue is gone all are admitted again", () => {
    for (let count = 0; count < 5; count++) second(200);
    for (let count = 0; count < 20; count++) second(0);
    expect(shedder.share).toBe(0);
    expect(Array.from({ length: 20 }, () => shedder.admit(POST)).every((one) => one === null)).toBe(true);
  });

  test("nobody measures while nobody comes", () => {
    second(0);
    nowMs += 50;
    for (const work of due.splice(0)) work();
    nowMs += 50;
    for (const work of due.splice(0)) work();
    expect(due).toEqual([]);
    shedder.admit(POST);
    expect(due).toHaveLength(1);
  });
});
