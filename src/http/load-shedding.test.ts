import { beforeEach, describe, expect, test } from "bun:test";
import { LoadShedder } from "./load-shedding.ts";

const POST = { method: "POST" };
/** What answering costs, ms: in 0.4 CPU a replica takes in 4,000/s, or refuses 13,000/s. */
const COST_MS = { accept: 0.25, refuse: 0.075 };
/** So many sockets are told ready at once; a turn goes on while it is always as many. */
const READY_MAX = 1024;

let nowMs: number;
let refused: number;
let begun: number;
let turnsSeen: number;
let endTurn: () => void;
let shedder: LoadShedder;

beforeEach(() => {
  nowMs = 1_000;
  refused = 0;
  begun = 0;
  turnsSeen = 0;
  endTurn = () => {};
  let drawn = 0;
  shedder = new LoadShedder({
    onRefused: () => refused++,
    onBegin: () => begun++,
    now: () => nowMs,
    // Evenly spread: of any ten in a row each tenth once.
    random: () => (drawn++ % 10) / 10,
    afterTurn: (work) => {
      turnsSeen++;
      endTurn = work;
    },
  });
});

/** A turn in which so many requests are read, evenly over its time. */
function turn(lengthMs: number, requests: number): void {
  for (let count = 0; count < requests; count++) {
    shedder.admit(POST);
    nowMs += lengthMs / requests;
  }
  endTurn();
  endTurn = () => {};
}

function turns(count: number, lengthMs: number, requests: number): void {
  for (let index = 0; index < count; index++) turn(lengthMs, requests);
}

/** How many of so many at this moment are admitted. */
function admitted(requests: number, method = "POST"): number {
  return Array.from({ length: requests }, () => shedder.admit({ method })).filter((answer) => answer === null)
    .length;
}

describe("what is no overload", () => {
  test("short turns, however many requests come", () => {
    turns(200, 40, 150);
    expect([refused, begun, shedder.admittedShare]).toEqual([0, 0, 1]);
  });

  test("long turns with short ones between them: pauses of the CPU quota, collections of garbage", () => {
    for (let count = 0; count < 20; count++) {
      turns(2, 150, 200);
      turn(80, 100);
    }
    expect(refused).toBe(0);
  });

  test("a burst of 600 after a pause of 100 ms", () => {
    turns(10, 10, 20);
    nowMs += 100;
    turns(2, 225, 600);
    turns(10, 10, 20);
    expect(refused).toBe(0);
  });

  test("a minute's sleep in the middle of a turn, and a few slow requests", () => {
    turn(60_000, 100);
    turn(997, 64);
    expect(refused).toBe(0);
  });

  test("what has come while the process was stopped, in the middle of a turn", () => {
    turns(10, 10, 20);
    nowMs += 60;
    shedder.admit(POST);
    nowMs += 5_000;
    turn(390, 2_500);
    turns(10, 10, 20);
    expect(refused).toBe(0);
  });

  test("three slow seconds of a replica that has just been started, at 300 requests per second", () => {
    turns(20, 150, 45);
    turns(10, 10, 3);
    expect(refused).toBe(0);
  });

  test("a flood that ended while nobody came any more", () => {
    turns(10, 300, 1000);
    expect(refused).toBeGreaterThan(0);
    nowMs += 600;
    expect(admitted(100)).toBe(100);
  });
});

describe("an overload", () => {
  test("is half a second without a calm turn; then the admitted share falls within a second, to a tenth at least", () => {
    turns(3, 150, 300);
    expect(shedder.admittedShare).toBe(1);
    turns(2, 150, 300);
    expect(shedder.admittedShare).toBeLessThan(0.8);
    turns(6, 150, 300);
    expect(shedder.admittedShare).toBe(0.1);
    expect(admitted(100)).toBe(10);
    expect(begun).toBe(1);
  });

  test("is seen as well while one turn goes on and on", () => {
    turns(10, 10, 20);
    for (let count = 0; count < 2_000; count++) {
      shedder.admit(POST);
      nowMs++;
    }
    expect(shedder.admittedShare).toBe(0.1);
    expect(refused).toBeGreaterThan(600);
  });

  test("is answered with when to come again, and that nothing was taken", async () => {
    turns(20, 150, 300);
    const answer = Array.from({ length: 10 }, () => shedder.admit(POST)).find((found) => found !== null);
    expect(answer?.status).toBe(503);
    expect(answer?.headers.get("retry-after")).toBe("1");
    expect(answer?.headers.get("content-type")).toBe("application/problem+json");
    expect(await answer?.json()).toMatchObject({ code: "OVERLOADED" });
  });

  test("refuses no reads", () => {
    turns(20, 150, 300);
    expect(admitted(50, "GET")).toBe(50);
  });

  test("is over within two seconds of calm turns", () => {
    turns(20, 150, 300);
    const endedAtMs = nowMs;
    while (shedder.admittedShare < 1 && nowMs < endedAtMs + 10_000) turn(40, 60);
    expect(nowMs - endedAtMs).toBeLessThan(2_100);
    expect(admitted(100)).toBe(100);
  });
});

test("while all is calm few turns are looked at, and none while nobody comes", () => {
  turns(1_000, 1, 1);
  expect(turnsSeen).toBeLessThan(25);
});

/** Clients that wait for their answers, so many requests per second in all. @returns what came of it, after `warmUpMs` */
function flood(perSecond: number, clients: number, lengthMs: number, warmUpMs: number) {
  const fromMs = nowMs;
  const dueAtMs: number[] = [];
  const result = { accepted: 0, refused: 0, waitMsMax: 0, idleMs: 0 };
  let due = 0;
  const arrive = () => {
    for (; due < ((nowMs - fromMs) / 1000) * perSecond; due++)
      dueAtMs.push(fromMs + (due / perSecond) * 1000);
  };
  const answer = () => {
    const sinceMs = dueAtMs.shift() ?? nowMs;
    const isTaken = shedder.admit(POST) === null;
    nowMs += isTaken ? COST_MS.accept : COST_MS.refuse;
    if (nowMs - fromMs < warmUpMs) return;
    result[isTaken ? "accepted" : "refused"]++;
    result.waitMsMax = Math.max(result.waitMsMax, nowMs - sinceMs);
  };
  while (nowMs - fromMs < lengthMs) {
    arrive();
    if (dueAtMs.length === 0) {
      nowMs++;
      if (nowMs - fromMs >= warmUpMs) result.idleMs++;
      continue;
    }
    let ready: number;
    do {
      ready = Math.min(dueAtMs.length, clients, READY_MAX);
      for (let count = 0; count < ready; count++) answer();
      arrive();
    } while (ready === READY_MAX && nowMs - fromMs < lengthMs);
    endTurn();
    endTurn = () => {};
  }
  return result;
}

test.each([4_500, 6_000, 8_410, 10_000])(
  "a flood of %d/s is answered in time, and the CPU is never idle",
  (perSecond) => {
    const { accepted, refused: refusals, waitMsMax, idleMs } = flood(perSecond, 2_000, 20_000, 5_000);
    expect(waitMsMax).toBeLessThan(1_000);
    // What is left of each second after all refusals, less what the share swings.
    const possible = (15_000 - perSecond * 15 * COST_MS.refuse) / (COST_MS.accept - COST_MS.refuse);
    expect(accepted).toBeGreaterThan(0.85 * possible);
    expect(accepted + refusals).toBeGreaterThan(0.95 * perSecond * 15);
    expect(idleMs).toBeLessThan(1_500);
  },
);

test("what can be answered is never refused", () => {
  expect(flood(3_600, 2_000, 10_000, 0).refused).toBe(0);
});
