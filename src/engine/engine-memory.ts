import { LIMITS } from "../config/limits.ts";
import { createMetricsMemory } from "../metrics/metrics.ts";
import { createFeedMemory, type FeedMemory } from "../modules/events/feed-memory.ts";
import { Doorbell } from "../ring/doorbell.ts";
import { createSharedRing } from "../ring/ring-memory.ts";
import { SharedState } from "./shared-state.ts";

/**
 * The memory that the threads of a replica share: made by main, sent to each worker once at its start.
 * Only SharedArrayBuffers, so posting it copies nothing.
 */
export interface EngineMemory {
  readonly state: SharedArrayBuffer;
  readonly metrics: SharedArrayBuffer;
  readonly bells: SharedArrayBuffer;
  readonly replies: SharedArrayBuffer;
  /** One per dispatch thread. */
  readonly tasks: readonly SharedArrayBuffer[];
  readonly outcomes: readonly SharedArrayBuffer[];
  readonly feed: FeedMemory;
}

/** Metrics pages, one per writing thread: main, store, then dispatch threads. */
export const METRICS_PAGE = { main: 0, store: 1, dispatch: 2 } as const;

const BELL = { main: 0, store: 1, storeUrgent: 2, storeSleep: 3, dispatch: 4 } as const;

export interface EngineBells {
  readonly main: Doorbell;
  readonly store: Doorbell;
  /** Rung besides `store` by who waits for the commit: it ends the pause in which a batch gathers. */
  readonly storeUrgent: Doorbell;
  /** Where the store thread sleeps that waits for nobody: for the write lock, or for the disk. */
  readonly storeSleep: Doorbell;
  readonly dispatch: readonly Doorbell[];
}

export function createEngineMemory(dispatchThreads: number): EngineMemory {
  const ring = (bytes: number) => sharedBufferOf(createSharedRing(bytes).bytes);
  const perThread = (bytes: number) => Array.from({ length: dispatchThreads }, () => ring(bytes));
  return {
    state: new SharedArrayBuffer(SharedState.bytes()),
    metrics: createMetricsMemory(METRICS_PAGE.dispatch + dispatchThreads),
    bells: new SharedArrayBuffer(Doorbell.BYTES * (BELL.dispatch + dispatchThreads)),
    replies: ring(LIMITS.replyRingBytes.value),
    tasks: perThread(LIMITS.taskRingBytes.value),
    outcomes: perThread(LIMITS.outcomeRingBytes.value),
    feed: createFeedMemory(),
  };
}

export function attachBells(memory: EngineMemory): EngineBells {
  const bell = (index: number) => new Doorbell(memory.bells, index * Doorbell.BYTES);
  return {
    main: bell(BELL.main),
    store: bell(BELL.store),
    storeUrgent: bell(BELL.storeUrgent),
    storeSleep: bell(BELL.storeSleep),
    dispatch: memory.tasks.map((_, thread) => bell(BELL.dispatch + thread)),
  };
}

function sharedBufferOf(bytes: Uint8Array): SharedArrayBuffer {
  if (!(bytes.buffer instanceof SharedArrayBuffer)) throw new Error("a shared ring lies in unshared memory");
  return bytes.buffer;
}
