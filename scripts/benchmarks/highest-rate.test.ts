import { describe, expect, test } from "bun:test";
import { highestRate } from "./highest-rate.ts";

const SETTINGS = { fromPerSecond: 100, precision: 1.05 };

/** A server that holds `capacity`; past it, answers take long. */
const serverOf = (capacity: number) => async (perSecond: number) => ({
  p99Ms: perSecond <= capacity ? 2 : 50,
  isAllAccepted: true,
  isSettled: true,
});

describe("the highest rate that is held", () => {
  test.each([25, 120, 999, 1000, 4321, 30_000])(
    "of a server for %d/s is found within 5 %%",
    async (capacity) => {
      const { rate } = await highestRate(SETTINGS, 10, serverOf(capacity));
      expect(rate).toBeLessThanOrEqual(capacity);
      expect(rate * SETTINGS.precision).toBeGreaterThanOrEqual(capacity - 2);
    },
  );

  test("is 0 if not even a trickle is held", async () => {
    expect((await highestRate(SETTINGS, 10, serverOf(5))).rate).toBe(0);
  });

  test("counts a load only if all of it was accepted and settled", async () => {
    const held = { p99Ms: 1, isAllAccepted: true, isSettled: true };
    for (const failing of [{ isAllAccepted: false }, { isSettled: false }, { p99Ms: Number.NaN }]) {
      const offer = async (perSecond: number) => (perSecond <= 400 ? held : { ...held, ...failing });
      const { rate } = await highestRate(SETTINGS, 10, offer);
      expect(rate).toBe(400);
    }
  });

  test("is not decided by one load that met a busy machine", async () => {
    const server = serverOf(1000);
    const seen = new Set<number>();
    const { rate } = await highestRate(SETTINGS, 10, async (perSecond) => {
      const isFirst = !seen.has(perSecond);
      seen.add(perSecond);
      return isFirst ? { p99Ms: 99, isAllAccepted: true, isSettled: true } : server(perSecond);
    });
    expect(rate).toBeGreaterThan(900);
  });
});
