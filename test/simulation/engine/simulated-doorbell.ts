import { Doorbell } from "../../../src/ring/doorbell.ts";
import type { PlannedStep, SimulatedThread, VirtualWorld } from "./virtual-world.ts";

/** How long a ring takes to wake a thread, ms. */
const WAKE_MS = { min: 0.02, max: 0.3 };

/** Who waits for so long has nothing planned, and only looks around now and then. */
const IDLE_MS = 100;

/** A doorbell whose waiter sleeps in the world's time. The words in shared memory are the real ones. */
export class SimulatedDoorbell extends Doorbell {
  readonly #world: VirtualWorld;
  readonly #waiter: SimulatedThread;
  #planned: PlannedStep | null = null;
  #wake: (() => void) | null = null;

  /** @param waiter the thread that waits at it */
  constructor(world: VirtualWorld, waiter: SimulatedThread, buffer: SharedArrayBuffer, index: number) {
    super(buffer, index * Doorbell.BYTES);
    this.#world = world;
    this.#waiter = waiter;
  }

  override ring(): void {
    super.ring();
    this.#world.point();
    const wake = this.#wake;
    if (wake === null) return;
    this.#wake = null;
    this.#planned?.cancel();
    this.#world.plan(this.#waiter, this.#delayMs(), "woken by its bell", wake);
  }

  /** Calls `wake` in a step of the waiter when the bell is rung, or after `timeoutMs`. */
  whenRung(seenValue: number, timeoutMs: number, wake: () => void): void {
    if (this.value !== seenValue) {
      this.#world.plan(this.#waiter, this.#delayMs(), "its bell was rung", wake);
      return;
    }
    this.#wake = wake;
    const waitMs = timeoutMs < IDLE_MS ? timeoutMs : this.#world.idleMs(timeoutMs);
    this.#planned = this.#world.plan(this.#waiter, waitMs, "looks around", () => {
      this.#wake = null;
      wake();
    });
  }

  override wait(): void {
    throw new Error("a simulated thread does not block at a bell");
  }

  override waitAsync(seenValue: number, timeoutMs: number): Promise<void> {
    return new Promise((wake) => this.whenRung(seenValue, timeoutMs, wake));
  }

  #delayMs(): number {
    return WAKE_MS.min + this.#world.random() * (WAKE_MS.max - WAKE_MS.min);
  }
}
