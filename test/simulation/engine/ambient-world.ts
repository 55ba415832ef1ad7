import { HEAP } from "../../../src/engine/heap-care.ts";
import { Doorbell } from "../../../src/ring/doorbell.ts";
import { sleepAt } from "../../../src/ring/sleep.ts";
import type { SimulatedThread, VirtualWorld } from "./virtual-world.ts";

/**
 * Puts a world's clock, randomness and timers in the place of the machine's, while `work` runs. All of it is
 * synchronous, promises included (see VirtualWorld), so nothing outside of the world ever sees them.
 *
 * In this way the product's code runs as it is, and no look at a clock can be forgotten: one that were passed in
 * as a parameter in ninety-nine places would be missing in the hundredth.
 */
export function inWorld<Result>(world: VirtualWorld, work: () => Result): Result {
  const replacements = replacementsOf(world);
  const originals = replacements.map(({ owner, name }) => owner[name]);
  for (const { owner, name, value } of replacements) owner[name] = value;
  sleepAt(new SleepingPlace(world));
  try {
    return work();
  } finally {
    sleepAt(new Doorbell());
    for (const [index, { owner, name }] of replacements.entries()) owner[name] = originals[index];
  }
}

const POLL_MS = 50;

/** Where the product's threads sleep: all of them at once, because here they are one. */
class SleepingPlace extends Doorbell {
  readonly #world: VirtualWorld;

  constructor(world: VirtualWorld) {
    super();
    this.#world = world;
  }

  override wait(_seenValue: number, timeoutMs: number): void {
    this.#world.sleep(timeoutMs);
  }
}

interface Replacement {
  readonly owner: Record<string, unknown>;
  readonly name: string;
  readonly value: unknown;
}

function replacementsOf(world: VirtualWorld): Replacement[] {
  const replacement = (owner: object, name: string, value: unknown): Replacement => ({
    // Only the named member is looked at.
    owner: owner as Record<string, unknown>,
    name,
    value,
  });
  const looking = (read: () => number) => () => {
    world.point();
    return read();
  };
  return [
    replacement(
      Date,
      "now",
      looking(() => world.wallMs),
    ),
    replacement(
      performance,
      "now",
      looking(() => world.nowMs),
    ),
    replacement(Math, "random", world.random),
    replacement(crypto, "randomUUID", () => uuidOf(world, 4)),
    replacement(crypto, "getRandomValues", (array: Int32Array) => array.map(() => wordOf(world))),
    replacement(Bun, "randomUUIDv7", () => uuidOf(world, 7)),
    replacement(Bun, "sleep", (ms: number) => {
      // Nobody hastens who waits like this: it looks now and then whether something has come.
      const waitMs = ms < POLL_MS ? ms : world.idleMs(ms);
      return new Promise<void>((wake) => timer(world, waitMs, "woken", wake));
    }),
    replacement(globalThis, "setImmediate", (run: () => void) =>
      timer(world, 0.05, "immediate", () => world.interruptible(run)),
    ),
    replacement(globalThis, "setTimeout", (run: () => void, ms = 0) => timer(world, ms, "timer", run)),
    // Its threads' garbage is that of one VM, which collects it when there is much.
    replacement(HEAP, "collectYoung", () => {}),
    replacement(HEAP, "collectAll", () => {}),
    replacement(HEAP, "bytes", () => 0),
    replacement(globalThis, "clearTimeout", (given?: { cancel(): void }) => given?.cancel()),
  ];
}

/** A timer of the thread that sets it: gone with its process, late when that is frozen. */
function timer(world: VirtualWorld, delayMs: number, label: string, run: () => void) {
  const thread: SimulatedThread | null = world.currentThread;
  const { cancel } = world.plan(thread, delayMs, label, run);
  const handle = { cancel, unref: () => handle, ref: () => handle };
  return handle;
}

function wordOf(world: VirtualWorld): number {
  return (world.random() * 2 ** 32) | 0;
}

/** A UUID of the seed; version 7 begins with the wall clock (RFC 9562). */
export function uuidOf(world: VirtualWorld, version: 4 | 7): string {
  // A draw has 32 bits: eight digits.
  const hex = (digits: number): string =>
    digits > 6
      ? hex(6) + hex(digits - 6)
      : Math.floor(world.random() * 16 ** digits)
          .toString(16)
          .padStart(digits, "0");
  const head = version === 7 ? world.wallMs.toString(16).padStart(12, "0") : hex(12);
  return `${head.slice(0, 8)}-${head.slice(8)}-${version}${hex(3)}-${"89ab"[Math.floor(world.random() * 4)]}${hex(3)}-${hex(12)}`;
}
