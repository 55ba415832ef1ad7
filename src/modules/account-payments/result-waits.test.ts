import { beforeEach, describe, expect, test } from "bun:test";
import { LIMITS } from "../../config/limits.ts";
import type { AccountPaymentView } from "./model.ts";
import { ResultWaits } from "./result-waits.ts";

/** Who waits is woken by the result, by the end of the time, or by the end of the replica: once, and only then. */
const finals: AccountPaymentView[] = [];
let looks: number;
let wanted: boolean[];
let hasPeers: boolean;
let waits: ResultWaits;

beforeEach(() => {
  finals.length = 0;
  looks = 0;
  wanted = [];
  hasPeers = false;
  waits = createWaits(5_000);
});

function createWaits(waitMs: number): ResultWaits {
  return new ResultWaits({
    waitMs,
    lastFinalSeq: () => finals.length,
    finalsSince: (after, limit) => {
      looks++;
      return finals.slice(after, after + limit).map((view, index) => ({ finalSeq: after + index + 1, view }));
    },
    find: (id) => finals.find(({ paymentId }) => paymentId === id) ?? null,
    onWaits: (isWanted) => wanted.push(isWanted),
    hasPeers: () => hasPeers,
  });
}

function finish(id: string): void {
  const view: AccountPaymentView = {
    paymentId: id,
    userId: "u",
    created: "",
    processed: "",
    state: "completed",
    accountNumber: "1",
    amount: 1,
    description: null,
    extPaymentDetails: null,
  };
  finals.push(view);
}

/** A wait that can end itself. */
function begin(id: string) {
  const wait = waits.start(id);
  return { result: wait.result, cancel: () => waits.cancel(wait) };
}

const idOf = (json: string | null) =>
  json === null ? null : (JSON.parse(json) as AccountPaymentView).paymentId;

test("a result wakes those who wait for that payment, all of them, and nobody else", async () => {
  const [a, b, other] = [begin("x"), begin("x"), begin("y")];
  finish("x");
  waits.look();
  expect(idOf(await a.result)).toBe("x");
  expect(idOf(await b.result)).toBe("x");
  expect(waits.size).toBe(1);
  other.cancel();
});

test("of those who wait for one payment any may go, and the others are still woken", async () => {
  for (const gone of [[0], [1], [2], [0, 1], [2, 1], [0, 2], [1, 0, 2]]) {
    finals.length = 0;
    const started = [begin("x"), begin("x"), begin("x")];
    for (const index of gone) started[index]?.cancel();
    const left = started.filter((_, index) => !gone.includes(index));
    expect(waits.size).toBe(left.length);
    finish("x");
    waits.look();
    expect(await Promise.all(left.map(async ({ result }) => idOf(await result)))).toEqual(
      left.map(() => "x"),
    );
    expect(waits.size).toBe(0);
  }
});

test("more results at once than one look takes are all found", async () => {
  const ids = Array.from({ length: 1_000 }, (_, index) => `p${index}`);
  const started = ids.map((id) => begin(id));
  for (const id of ids) finish(id);
  waits.look();
  expect(await Promise.all(started.map(async ({ result }) => idOf(await result)))).toEqual(ids);
});

test("results from before the first wait are not looked through", () => {
  for (let i = 0; i < 10_000; i++) finish(`old${i}`);
  const wait = begin("x");
  waits.look();
  expect(looks).toBe(1);
  wait.cancel();
});

test("waiting looks at nothing: only a hint does, and without anybody waiting not even that", async () => {
  const wait = begin("x");
  await Bun.sleep(250);
  expect(looks).toBe(0);
  wait.cancel();
  waits.look();
  expect(looks).toBe(0);
});

test("where other replicas may write the result, it is looked for until nobody waits", async () => {
  hasPeers = true;
  const wait = begin("x");
  finish("x");
  expect(idOf(await wait.result)).toBe("x");
  const before = looks;
  await Bun.sleep(250);
  expect(looks).toBe(before);
});

describe("when the time is over", () => {
  test("a pending payment gives null", async () => {
    waits = createWaits(30);
    const startedAt = performance.now();
    expect(await begin("x").result).toBeNull();
    expect(performance.now() - startedAt).toBeGreaterThan(25);
    expect(waits.size).toBe(0);
  });

  test("a last look finds a result that nobody rang for", async () => {
    waits = createWaits(30);
    const { result } = begin("x");
    finish("x");
    expect(idOf(await result)).toBe("x");
  });

  test("each wait has its own end", async () => {
    waits = createWaits(60);
    const first = begin("x");
    await Bun.sleep(30);
    const second = begin("y");
    await first.result;
    expect(waits.size).toBe(1);
    await second.result;
    expect(waits.size).toBe(0);
  });
});

test("the store is told when the first comes and when the last has gone", async () => {
  const [a, b] = [begin("x"), begin("y")];
  a.cancel();
  b.cancel();
  b.cancel();
  begin("z").cancel();
  expect(wanted).toEqual([true, false, true, false]);
});

test("a stop sends everybody away, also who comes later", async () => {
  const wait = begin("x");
  waits.close();
  expect(await wait.result).toBeNull();
  expect(await begin("y").result).toBeNull();
});

test("there is room for so many", () => {
  for (let i = 0; i < LIMITS.longPollsMax.value; i++) begin("x");
  expect(waits.hasRoom).toBe(false);
  waits.close();
});
