import { describe, expect, spyOn, test } from "bun:test";
import { Doorbell } from "./doorbell.ts";

/** Long enough that only a lost wake-up takes it. */
const LONG_MS = 5_000;

async function elapsedMs(run: () => void | Promise<void>): Promise<number> {
  const startMs = performance.now();
  await run();
  return performance.now() - startMs;
}

describe("a doorbell", () => {
  test("rung since its value was read does not let the waiter sleep", async () => {
    const doorbell = new Doorbell();
    const seen = doorbell.value;
    doorbell.ring();
    expect(await elapsedMs(() => doorbell.wait(seen, LONG_MS))).toBeLessThan(1_000);
    expect(await elapsedMs(() => doorbell.waitAsync(seen, LONG_MS))).toBeLessThan(1_000);
  });

  test("not rung wakes the waiter after the timeout, also a fraction of a millisecond", async () => {
    const doorbell = new Doorbell();
    for (const timeoutMs of [0.5, 20]) {
      expect(await elapsedMs(() => doorbell.wait(doorbell.value, timeoutMs))).toBeGreaterThanOrEqual(
        timeoutMs,
      );
      const asyncMs = await elapsedMs(() => doorbell.waitAsync(doorbell.value, timeoutMs));
      expect(asyncMs).toBeGreaterThanOrEqual(timeoutMs);
      expect(asyncMs).toBeLessThan(1_000);
    }
  });

  test("wakes a waiter that does not block its thread", async () => {
    const doorbell = new Doorbell();
    setTimeout(() => doorbell.ring(), 5);
    const waitedMs = await elapsedMs(() => doorbell.waitAsync(doorbell.value, LONG_MS));
    expect(waitedMs).toBeLessThan(1_000);
  });

  test("does not notify while nobody sleeps", () => {
    const doorbell = new Doorbell();
    const notify = spyOn(Atomics, "notify");
    try {
      doorbell.ring();
      expect(notify).toHaveBeenCalledTimes(0);
      const waiting = doorbell.waitAsync(doorbell.value, LONG_MS);
      doorbell.ring();
      expect(notify).toHaveBeenCalledTimes(1);
      return waiting;
    } finally {
      notify.mockRestore();
    }
  });

  test("has one waiter, who always has a timeout", async () => {
    const doorbell = new Doorbell();
    const waiting = doorbell.waitAsync(doorbell.value, 20);
    expect(() => doorbell.wait(doorbell.value, 1)).toThrow("one waiter per doorbell");
    await waiting;
    expect(() => doorbell.wait(doorbell.value, Number.POSITIVE_INFINITY)).toThrow("Every wait has a timeout");
    expect(await elapsedMs(() => doorbell.wait(doorbell.value, 1))).toBeLessThan(1_000);
  });

  test("shares a buffer with others", async () => {
    const buffer = new SharedArrayBuffer(2 * Doorbell.BYTES);
    const [first, second] = [new Doorbell(buffer, 0), new Doorbell(buffer, Doorbell.BYTES)];
    first.ring();
    expect([first.value, second.value]).toEqual([1, 0]);
  });
});

/**
 * The moments at which a wake-up could be lost are a few nanoseconds wide. Here they are met on purpose: both
 * ends run in this thread, and one runs as a whole before the n-th atomic operation of the other.
 */
describe("ring and wait, interleaved at every step", () => {
  const OPERATIONS = ["add", "store", "load", "notify", "waitAsync"] as const;

  /** Runs `outer`, and `inner` before its `n`-th atomic operation or after its last; returns how many it had. */
  function interleave(n: number, outer: () => void, inner: () => void): number {
    let count = 0;
    let isInside = false;
    const meet = () => {
      if (isInside || count++ !== n) return;
      isInside = true;
      inner();
      isInside = false;
    };
    const spies = OPERATIONS.map((name) => {
      const original: (...parameters: never[]) => unknown = Atomics[name];
      const replacement = (...parameters: never[]) => {
        meet();
        return original(...parameters);
      };
      // The overloads of the five differ; the replacement hands everything through.
      return spyOn(Atomics, name).mockImplementation(replacement as never);
    });
    try {
      outer();
    } finally {
      for (const spy of spies) spy.mockRestore();
    }
    if (count <= n) inner();
    return count;
  }

  test("the waiter lies down in the middle of a ring", async () => {
    for (let n = 0, operations = 1; n <= operations; n++) {
      const [ringer, waiter] = pair();
      const seen = waiter.value;
      let waiting: Promise<void> | undefined;
      operations = interleave(
        n,
        () => ringer.ring(),
        () => {
          waiting = waiter.waitAsync(seen, LONG_MS);
        },
      );
      expect(operations).toBeGreaterThanOrEqual(2);
      expect(await elapsedMs(async () => waiting)).toBeLessThan(1_000);
    }
  });

  test("the bell is rung while the waiter lies down", async () => {
    for (let n = 0, operations = 1; n <= operations; n++) {
      const [ringer, waiter] = pair();
      const seen = waiter.value;
      let waiting: Promise<void> | undefined;
      operations = interleave(
        n,
        () => {
          waiting = waiter.waitAsync(seen, LONG_MS);
        },
        () => ringer.ring(),
      );
      expect(operations).toBeGreaterThanOrEqual(2);
      expect(await elapsedMs(async () => waiting)).toBeLessThan(1_000);
    }
  });

  function pair(): [Doorbell, Doorbell] {
    const ringer = new Doorbell();
    return [ringer, new Doorbell(ringer.buffer)];
  }
});

describe("two threads that only answer each other", () => {
  const ROUNDS = 40_000;

  test("never miss a wake-up, whatever the moment", async () => {
    const [there, back] = [new Doorbell(), new Doorbell()];
    const partner = new Worker(new URL("./fixtures/doorbell-partner.ts", import.meta.url).href);
    try {
      await new Promise((resolve) => partner.addEventListener("message", resolve, { once: true }));
      partner.postMessage({ there: there.buffer, back: back.buffer, rounds: ROUNDS });
      const words = new Int32Array(there.buffer);
      for (let round = 0; round < ROUNDS; round++) {
        const seen = back.value;
        // Pauses of different lengths move the ring over every step of the other's falling asleep.
        for (let pause = round % 97; pause > 0; pause--) Atomics.load(words, 0);
        there.ring();
        const startMs = performance.now();
        while (back.value === seen) back.wait(seen, LONG_MS);
        const waitedMs = performance.now() - startMs;
        if (waitedMs > LONG_MS - 1_000) throw new Error(`no answer for ${waitedMs} ms in round ${round}`);
      }
    } finally {
      partner.terminate();
    }
  });
});
