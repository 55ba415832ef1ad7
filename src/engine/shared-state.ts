import type { ProcessorName } from "../domain/processor.ts";
import { processorNumber, processorOf } from "../ring/frames.ts";
import { SharedWords } from "../ring/shared-words.ts";
import type { StoreTrouble } from "../store/trouble.ts";

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
const FLOAT = { healthBlock: 0, storeBeat: 4, mainBeat: 5, dispatchBeat: 6 } as const;
const HEALTH_SLOT = { minResponseTimeMs: 0, seenAtMs: 1 } as const;
const HEALTH_SLOTS = 2;

/** What concerns other replicas; int slots behind the threads' blocks. */
const CLUSTER_BLOCK = SLOT.dispatchBlock + DISPATCH_SLOTS * DISPATCH_THREADS_MAX;
const CLUSTER = {
  lease: CLUSTER_BLOCK,
  fence: CLUSTER_BLOCK + 1,
  redis: CLUSTER_BLOCK + 2,
  nudges: CLUSTER_BLOCK + 3,
  pollWanted: CLUSTER_BLOCK + 4,
  peerFailing: CLUSTER_BLOCK + 6,
  peerBreakerOpen: CLUSTER_BLOCK + 8,
} as const;
const INTS = CLUSTER_BLOCK + 10;
const CLUSTER_FLOAT_BLOCK = FLOAT.dispatchBeat + DISPATCH_THREADS_MAX;
const CLUSTER_FLOAT = {
  pollGrant: CLUSTER_FLOAT_BLOCK,
  pollEnded: CLUSTER_FLOAT_BLOCK + 2,
  peerHealth: CLUSTER_FLOAT_BLOCK + 4,
  peerBreakerAt: CLUSTER_FLOAT_BLOCK + 8,
  counterApplied: CLUSTER_FLOAT_BLOCK + 10,
} as const;
/** One float per partition of a topic; more than there are. */
const TOPIC_BLOCK = CLUSTER_FLOAT_BLOCK + 11;
const TOPIC_SLOTS = 32;
const FLOATS = TOPIC_BLOCK + TOPIC_SLOTS;

const REDIS_STATES = ["not_configured", "away", "ok"] as const;
export type RedisState = (typeof REDIS_STATES)[number];

/** The lease fits into an atomic int in steps of 16 ms: modulo 2^32 that is two years, see `holdsLease`. */
const LEASE_STEP_MS = 16;
/** Dispatch stops this long before the lease runs out, so that a call begun late is out by then. */
const LEASE_MARGIN_MS = 100;

export interface ProcessorHealthSeen {
  readonly failing: boolean;
  readonly minResponseTimeMs: number;
  readonly seenAtMs: number;
}

export class SharedState {
  static bytes(): number {
    return SharedWords.bytes(INTS, FLOATS);
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

  /** What a processor last said of itself, to whichever replica; null before its first answer. */
  health(name: ProcessorName): ProcessorHealthSeen | null {
    const own = this.#readHealth(name, FLOAT.healthBlock, SLOT.healthFailing);
    const peer = this.#readHealth(name, CLUSTER_FLOAT.peerHealth, CLUSTER.peerFailing);
    const newer = peer.seenAtMs > own.seenAtMs ? peer : own;
    return newer.seenAtMs === 0 ? null : newer;
  }
  /** Heard by dispatch, from the processor or over Redis. Written by one dispatch thread. */
  setHealth(name: ProcessorName, health: ProcessorHealthSeen): void {
    this.#writeHealth(name, FLOAT.healthBlock, SLOT.healthFailing, health);
  }
  /** Found in the database by the store thread. */
  setPeerHealth(name: ProcessorName, health: ProcessorHealthSeen): void {
    this.#writeHealth(name, CLUSTER_FLOAT.peerHealth, CLUSTER.peerFailing, health);
  }

  #readHealth(name: ProcessorName, block: number, failingSlot: number): ProcessorHealthSeen {
    const index = processorNumber(name) - 1;
    return {
      failing: this.#words.loadInt(failingSlot + index) === 1,
      minResponseTimeMs: this.#words.readFloat(healthSlot(block, index, "minResponseTimeMs")),
      seenAtMs: this.#words.readFloat(healthSlot(block, index, "seenAtMs")),
    };
  }
  #writeHealth(name: ProcessorName, block: number, failingSlot: number, health: ProcessorHealthSeen): void {
    const index = processorNumber(name) - 1;
    this.#words.writeFloat(healthSlot(block, index, "minResponseTimeMs"), health.minResponseTimeMs);
    this.#words.storeInt(failingSlot + index, health.failing ? 1 : 0);
    this.#words.writeFloat(healthSlot(block, index, "seenAtMs"), health.seenAtMs);
  }

  /** A peer's circuit breaker opened or closed; `atMs` tells one word from the next. Written by one dispatch thread. */
  peerBreaker(name: ProcessorName): { readonly open: boolean; readonly atMs: number } {
    const index = processorNumber(name) - 1;
    return {
      open: this.#words.loadInt(CLUSTER.peerBreakerOpen + index) === 1,
      atMs: this.#words.readFloat(CLUSTER_FLOAT.peerBreakerAt + index),
    };
  }
  setPeerBreaker(name: ProcessorName, open: boolean, atMs: number): void {
    const index = processorNumber(name) - 1;
    this.#words.storeInt(CLUSTER.peerBreakerOpen + index, open ? 1 : 0);
    this.#words.writeFloat(CLUSTER_FLOAT.peerBreakerAt + index, atMs);
  }

  /**
   * Until when this replica may act on its leased tasks. Written by the store thread after each commit, and
   * looked at by dispatch before each call: a process that was stopped and woken makes no call before its store
   * thread has seen whether another replica has its work. Wall clock, because the lease's other readers are
   * other processes of this machine, which has one wall clock; a jump of it is the same jump for all of them.
   */
  setLeaseUntilMs(ms: number): void {
    // 0 is what stands there before the first lease.
    this.#words.storeInt(CLUSTER.lease, Math.floor((ms - LEASE_MARGIN_MS) / LEASE_STEP_MS) | 0 || 1);
  }
  holdsLease(nowMs: number): boolean {
    const until = this.#words.loadInt(CLUSTER.lease);
    return until !== 0 && ((until - Math.floor(nowMs / LEASE_STEP_MS)) | 0) > 0;
  }

  /** Grows each time the lease is found lost; a `drop` frame with this number says that all before it is void. */
  get fence(): number {
    return this.#words.loadInt(CLUSTER.fence);
  }
  raiseFence(): number {
    return this.#words.addInt(CLUSTER.fence, 1) + 1;
  }

  get redis(): RedisState {
    return REDIS_STATES[this.#words.loadInt(CLUSTER.redis)] ?? "not_configured";
  }
  set redis(state: RedisState) {
    this.#words.storeInt(CLUSTER.redis, REDIS_STATES.indexOf(state));
  }

  /** Asks the store thread to look at the database now: another replica has purged. Ring its bell, too. */
  nudgeStore(): void {
    this.#words.addInt(CLUSTER.nudges, 1);
  }
  get storeNudges(): number {
    return this.#words.loadInt(CLUSTER.nudges);
  }

  /** Dispatch wants to ask a processor for its health; store answers with a time until which it may begin. */
  pollWanted(name: ProcessorName): boolean {
    return this.#words.loadInt(CLUSTER.pollWanted + processorNumber(name) - 1) === 1;
  }
  setPollWanted(name: ProcessorName, wanted: boolean): void {
    this.#words.storeInt(CLUSTER.pollWanted + processorNumber(name) - 1, wanted ? 1 : 0);
  }
  pollGrantUntilMs(name: ProcessorName): number {
    return this.#words.readFloat(CLUSTER_FLOAT.pollGrant + processorNumber(name) - 1);
  }
  setPollGrant(name: ProcessorName, untilMs: number): void {
    this.#words.writeFloat(CLUSTER_FLOAT.pollGrant + processorNumber(name) - 1, untilMs);
  }
  /** When the last call of this replica ended. */
  pollEndedMs(name: ProcessorName): number {
    return this.#words.readFloat(CLUSTER_FLOAT.pollEnded + processorNumber(name) - 1);
  }
  setPollEnded(name: ProcessorName, atMs: number): void {
    this.#words.writeFloat(CLUSTER_FLOAT.pollEnded + processorNumber(name) - 1, atMs);
  }

  /** The last delta that Redis has of the present history, as far as this replica knows. */
  get counterApplied(): number {
    return this.#words.readFloat(CLUSTER_FLOAT.counterApplied);
  }
  set counterApplied(seq: number) {
    this.#words.writeFloat(CLUSTER_FLOAT.counterApplied, seq);
  }

  /**
   * Up to which offset (exclusive) the stream in Redis has a partition's messages; null while this replica does
   * not know. Written by one dispatch thread, which publishes. @param slot place in PARTITIONS of modules/topics
   */
  topicPublished(slot: number): number | null {
    const value = this.#words.readFloat(TOPIC_BLOCK + slot);
    return value === 0 ? null : value - 1;
  }
  setTopicPublished(slot: number, offset: number | null): void {
    this.#words.writeFloat(TOPIC_BLOCK + slot, offset === null ? 0 : offset + 1);
  }

  /** Whether each thread's loop came round lately is judged from these: main's by dispatch, the others' by main. */
  get mainBeatMs(): number {
    return this.#words.readFloat(FLOAT.mainBeat);
  }
  set mainBeatMs(ms: number) {
    this.#words.writeFloat(FLOAT.mainBeat, ms);
  }

  /**
   * Main has answered somebody, so it comes round, also when a flood of requests keeps its timers waiting. Nothing once
   * the watch has ended (0).
   */
  mainAnswered(nowMs: number): void {
    if (this.mainBeatMs !== 0) this.mainBeatMs = nowMs;
  }
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

function healthSlot(block: number, index: number, slot: keyof typeof HEALTH_SLOT): number {
  return block + index * HEALTH_SLOTS + HEALTH_SLOT[slot];
}

function dispatchSlot(thread: number, slot: keyof typeof DISPATCH_SLOT): number {
  return SLOT.dispatchBlock + thread * DISPATCH_SLOTS + DISPATCH_SLOT[slot];
}
