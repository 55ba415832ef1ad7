import type { ProcessorName } from "../domain/processor.ts";
import { processorNumber, processorOf } from "../ring/frames.ts";
import { SharedWords } from "../ring/shared-words.ts";
import type { StoreTrouble } from "../store/database.ts";

/**
 * The few facts that all threads of a replica look at without asking each other. One writer per slot.
 */
export const PHASES = { run: 0, drainDispatch: 1, drainStore: 2 } as const;
/** What a `drop` frame tells dispatch to forget. */
export const DROP = { payments: 1, everything: 2 } as const;

export type Phase = keyof typeof PHASES;

const TROUBLES = ["none", "locked", "disk_full", "io_error"] as const;

/** Int32 slots.  Per-thread blocks come last, one entry per dispatch thread. */
const SLOT = { phase: 0, trouble: 1, storeStopped: 2, healthFailing: 4, dispatchBlock: 8 } as const;
const DISPATCH_SLOT = { preferred: 0, stopped: 1 } as const;
const DISPATCH_SLOTS = 2;
export const DISPATCH_THREADS_MAX = 8;

/** Float64 slots. A beat is when a thread's loop last came round, ms since the epoch. */
const FLOAT = { healthBlock: 0, storeBeat: 4, dispatchBeat: 5 } as const;
const HEALTH_SLOT = { minResponseTimeMs: 0, seenAtMs: 1 } as const;
const HEALTH_SLOTS = 2;

const INTS = SLOT.dispatchBlock + DISPATCH_SLOTS * DISPATCH_THREADS_MAX;

export interface ProcessorHealthSeen {
  readonly failing: boolean;
  readonly minResponseTimeMs: number;
  readonly seenAtMs: number;
}

export class SharedState {
  static bytes(): number {
    return SharedWords.bytes(INTS, FLOAT.dispatchBeat + DISPATCH_THREADS_MAX);
  }
  readonly #words: SharedWords;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new SharedWords(memory, INTS);
  }

  get phase(): number {
    return this.#words.loadInt(SLOT.phase);
  }
  set phase(phase: number) {
    this.#words.storeInt(SLOT.phase, phase);
  }

  /** What keeps the store thread from committing; null while all is well. */
  get trouble(): StoreTrouble | null {
    const name = TROUBLES[this.#words.loadInt(SLOT.trouble)];
    return name === undefined || name === "none" ? null : name;
  }
  set trouble(trouble: StoreTrouble | null) {
    this.#words.storeInt(SLOT.trouble, TROUBLES.indexOf(trouble ?? "none"));
  }

  get storeStopped(): boolean {
    return this.#words.loadInt(SLOT.storeStopped) === 1;
  }
  set storeStopped(stopped: boolean) {
    this.#words.storeInt(SLOT.storeStopped, stopped ? 1 : 0);
  }

  preferred(thread: number): ProcessorName | null {
    return processorOf(this.#words.loadInt(dispatchSlot(thread, "preferred")));
  }
  setPreferred(thread: number, name: ProcessorName | null): void {
    this.#words.storeInt(dispatchSlot(thread, "preferred"), processorNumber(name));
  }

  dispatchStopped(thread: number): boolean {
    return this.#words.loadInt(dispatchSlot(thread, "stopped")) === 1;
  }
  setDispatchStopped(thread: number): void {
    this.#words.storeInt(dispatchSlot(thread, "stopped"), 1);
  }

  /** What a processor last said of itself; null before its first answer. Written by one dispatch thread. */
  health(name: ProcessorName): ProcessorHealthSeen | null {
    const index = processorNumber(name) - 1;
    const seenAtMs = this.#words.readFloat(healthSlot(index, "seenAtMs"));
    if (seenAtMs === 0) return null;
    return {
      failing: this.#words.loadInt(SLOT.healthFailing + index) === 1,
      minResponseTimeMs: this.#words.readFloat(healthSlot(index, "minResponseTimeMs")),
      seenAtMs,
    };
  }
  setHealth(name: ProcessorName, health: ProcessorHealthSeen): void {
    const index = processorNumber(name) - 1;
    this.#words.writeFloat(healthSlot(index, "minResponseTimeMs"), health.minResponseTimeMs);
    this.#words.storeInt(SLOT.healthFailing + index, health.failing ? 1 : 0);
    this.#words.writeFloat(healthSlot(index, "seenAtMs"), health.seenAtMs);
  }

  /** Whether each thread's loop came round lately is judged by main from these. */
  get storeBeatMs(): number {
    return this.#words.readFloat(FLOAT.storeBeat);
  }
  set storeBeatMs(ms: number) {
    this.#words.writeFloat(FLOAT.storeBeat, ms);
  }
  dispatchBeatMs(thread: number): number {
    return this.#words.readFloat(FLOAT.dispatchBeat + thread);
  }
  setDispatchBeatMs(thread: number, ms: number): void {
    this.#words.writeFloat(FLOAT.dispatchBeat + thread, ms);
  }
}

function healthSlot(index: number, slot: keyof typeof HEALTH_SLOT): number {
  return FLOAT.healthBlock + index * HEALTH_SLOTS + HEALTH_SLOT[slot];
}

function dispatchSlot(thread: number, slot: keyof typeof DISPATCH_SLOT): number {
  return SLOT.dispatchBlock + thread * DISPATCH_SLOTS + DISPATCH_SLOT[slot];
}
