import { LIMITS } from "../config/limits.ts";
import type { Logger } from "../log/logger.ts";
import type { Metrics } from "../metrics/metrics.ts";
import type { Doorbell } from "../ring/doorbell.ts";
import {
  encodeJson,
  FRAME_KINDS,
  PAYMENT_TASK_BYTES,
  processorNumber,
  TASK_MARK_BYTES,
  writePaymentTask,
} from "../ring/frames.ts";
import type { RingConsumer } from "../ring/ring-consumer.ts";
import type { RingProducer } from "../ring/ring-producer.ts";
import { sleepMs } from "../ring/sleep.ts";
import type { OpenDatabase } from "../store/database.ts";
import { runBatch } from "../store/group-commit.ts";
import type { ReplicaLease } from "../store/replica-lease.ts";
import type { TakeOver } from "../store/take-over.ts";
import type { BatchEffects } from "./batch-effects.ts";
import { HeapCare } from "./heap-care.ts";
import { DROP, PHASES, type SharedState } from "./shared-state.ts";
import type { StoreBatch } from "./store-batch.ts";

/**
 * The loop of the store thread. It blocks; nothing else runs on this thread.
 *
 *   ┌─► batch ──► committed ──► hand out tasks and replies ──► pause for the window ─┐
 *   │     │                                                                          │
 *   │     └─ trouble: tell main (503), wait, the same frames again                   │
 *   └──────────────── asleep until the bell rings ◄── nothing waits ◄────────────────┘
 *
 * The pause gathers a batch: at 500 payments/s a commit for each would cost more than its work; and where
 * replicas share the write lock, fewer transactions hold it less often while a quota stops the process. `turn` is one
 * way round without the pause and the sleep: the simulation in test/simulation/engine has a clock of its own.
 */
const WINDOW_MS = 20;
/** Longest sleep: how late housekeeping (lease, free tasks that become due) may be. */
const IDLE_MS = 100;
/** A lease is renewed at least three times before it would run out. */
const RENEW_MS = 1000;
const TROUBLE_PAUSE_MS = 100;
/** How often to look for replicas whose lease ran out; together with the lease, how soon their work goes on. */
const TAKE_OVER_LOOK_MS = 500;

export interface StoreThreadParts {
  readonly database: OpenDatabase;
  readonly batch: StoreBatch;
  readonly lease: ReplicaLease;
  readonly takeOver: TakeOver;
  readonly intake: RingConsumer;
  readonly outcomes: readonly RingConsumer[];
  readonly tasks: readonly RingProducer[];
  readonly replies: RingProducer;
  readonly bell: Doorbell;
  readonly urgentBell: Doorbell;
  readonly mainBell: Doorbell;
  readonly dispatchBells: readonly Doorbell[];
  readonly state: SharedState;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly chores: StoreChores;
}

/** Housekeeping for the cluster: small writes now and then, in a transaction of their own. */
export interface StoreChores {
  /** Whether a transaction is needed; asked outside of one. */
  readonly isDue: (nowMs: number) => boolean;
  readonly run: (nowMs: number) => void;
  readonly committed: () => void;
}

/** Several chores as one: each runs when any is due, which all can bear. */
export function joinChores(chores: readonly StoreChores[]): StoreChores {
  return {
    // All are asked: asking lets a chore look around, too.
    isDue: (nowMs) => chores.map((chore) => chore.isDue(nowMs)).includes(true),
    run: (nowMs) => {
      for (const chore of chores) chore.run(nowMs);
    },
    committed: () => {
      for (const chore of chores) chore.committed();
    },
  };
}

/** gather: a pause, unless somebody waits for the commit. sleep: until the bell rings. */
export type StoreTurn = "go_on" | "gather" | "sleep" | "stopped";

export class StoreThread {
  /** How long a pause gathers at most, ms. */
  readonly windowMs = WINDOW_MS;
  readonly #parts: StoreThreadParts;
  readonly #heap = new HeapCare("store");
  #lastCommitAtMs = 0;
  #lookedAtMs = 0;
  #nudgesSeen = 0;
  /** Frames still to be run one by one, after a batch threw. */
  #suspects = 0;
  /** The last batch left something for the next one: a pause would only let it grow. */
  #wasCut = false;
  #urgentSeen = 0;

  constructor(parts: StoreThreadParts) {
    this.#parts = parts;
  }

  /** Runs until the stop phase, when everything that was acknowledged is committed. */
  run(): void {
    const { bell } = this.#parts;
    for (;;) {
      const seen = bell.value;
      switch (this.turn()) {
        case "go_on":
          break;
        case "gather":
          this.#pause();
          break;
        case "sleep":
          bell.wait(seen, IDLE_MS);
          break;
        case "stopped":
          return;
      }
    }
  }

  /** One batch, if there is work for one, and the housekeeping. @returns what the thread does then */
  turn(): StoreTurn {
    const { state, batch } = this.#parts;
    state.storeBeatMs = Date.now();
    const stopping = state.phase === PHASES.drainStore;
    if (state.phase !== PHASES.run) batch.close();
    const now = Date.now();
    // Also when the clock was set back: the lease is to be renewed by the new one.
    const isLate = Math.abs(now - this.#lastCommitAtMs) >= RENEW_MS;
    const isWork = this.#isNudged() || batch.hasFrames() || isLate || batch.hasDue(now);
    if (isWork) this.#commit(now);
    else if (stopping) return "stopped";
    if (state.phase === PHASES.run) this.#keepHouse(Date.now());
    if (!isWork) return "sleep";
    return stopping || this.#wasCut ? "go_on" : "gather";
  }

  /** Looks after replicas that are gone, and after what is due now and then. */
  #keepHouse(nowMs: number): void {
    const { database, batch, chores, takeOver, intake, outcomes, log } = this.#parts;
    if (chores.isDue(nowMs) && runBatch(database.sqlite, () => chores.run(nowMs)).kind === "committed") {
      chores.committed();
    }
    if (Math.abs(nowMs - this.#lookedAtMs) < TAKE_OVER_LOOK_MS && !takeOver.hasMore) return;
    this.#lookedAtMs = nowMs;
    if (!takeOver.isDue(nowMs)) return;
    const result = runBatch(database.sqlite, () => batch.takeOver(nowMs));
    if (result.kind === "committed") {
      this.#handOut(result.value);
      batch.committed(result.value);
      return;
    }
    const outcomesAt = outcomes.map((ring) => ring.cursor);
    batch.rolledBack(intake.cursor, outcomesAt, result.error);
    log.warn("a take-over failed and is tried again", { error: result.error });
  }

  /** Another replica has changed something that every transaction looks at: a purge. */
  #isNudged(): boolean {
    const nudges = this.#parts.state.storeNudges;
    if (nudges === this.#nudgesSeen) return false;
    this.#nudgesSeen = nudges;
    return true;
  }

  /** Takes in the frames that an earlier life acknowledged and did not commit. @returns how many */
  takeInLeftovers(): number {
    let frames = 0;
    while (this.#parts.batch.hasFrames()) frames += this.#commit(Date.now());
    return frames;
  }

  /** Gathers the next batch, unless somebody waits for the commit. */
  #pause(): void {
    const { urgentBell } = this.#parts;
    if (urgentBell.value === this.#urgentSeen) urgentBell.wait(this.#urgentSeen, this.windowMs);
    this.#urgentSeen = urgentBell.value;
  }

  /** One batch. @returns the frames that it took in */
  #commit(nowMs: number): number {
    const { database, batch, intake, outcomes, state, metrics } = this.#parts;
    const intakeAt = intake.cursor;
    const outcomesAt = outcomes.map((ring) => ring.cursor);
    const startedAt = performance.now();
    const framesMax = this.#suspects > 0 ? 1 : LIMITS.batchFramesMax.value;
    const result = runBatch(database.sqlite, () => batch.run(framesMax, nowMs));
    switch (result.kind) {
      case "committed":
        // Before the frames are given back: tasks point at the ids in them.
        this.#handOut(result.value);
        batch.committed(result.value);
        // After the drop of what is void, so that dispatch finds that first.
        state.setLeaseUntilMs(result.value.leaseUntilMs);
        this.#lastCommitAtMs = nowMs;
        if (this.#suspects > 0) this.#suspects--;
        metrics.observe("commit_seconds", (performance.now() - startedAt) / 1000);
        metrics.observe("commit_frames", result.value.frames);
        if (state.trouble !== null) this.#recovered();
        this.#heap.handled(result.value.frames);
        this.#wasCut = result.value.isCut;
        return result.value.frames;
      case "trouble":
        batch.rolledBack(intakeAt, outcomesAt, result.error);
        if (state.trouble !== result.trouble) {
          this.#parts.log.error("cannot commit: new requests are answered 503 until it works again", {
            trouble: result.trouble,
            error: result.error,
          });
        }
        state.trouble = result.trouble;
        sleepMs(TROUBLE_PAUSE_MS);
        return 0;
      case "bug":
        batch.rolledBack(intakeAt, outcomesAt, result.error);
        this.#isolate(result.error);
        return 0;
    }
  }

  /** A frame of the batch threw: run them one by one, and leave out the one that throws alone. */
  #isolate(error: unknown): void {
    const { log, batch } = this.#parts;
    if (this.#suspects === 0) {
      this.#suspects = LIMITS.batchFramesMax.value;
      log.warn("a batch failed; its frames are run one by one", { error });
      return;
    }
    if (!batch.leaveOutLast()) throw error;
    log.error("a frame is left out because it cannot be processed: this is a defect, please report it", {
      error,
    });
  }

  #recovered(): void {
    this.#parts.state.trouble = null;
    this.#parts.log.info("commits work again");
  }

  #handOut(effects: BatchEffects): void {
    const { replies, mainBell, tasks, dispatchBells, metrics } = this.#parts;
    if (effects.purged || effects.fence > 0) {
      const what = effects.fence > 0 ? DROP.everything : DROP.payments;
      for (const ring of tasks) writeMark(ring, FRAME_KINDS.drop, effects.fence, what);
    }
    for (const task of effects.tasks) {
      const ring = this.#ringOf(task.taskId);
      const at = ring.begin(FRAME_KINDS.paymentTask, PAYMENT_TASK_BYTES);
      if (at < 0) throw new Error("the task ring is full, although its tasks are counted");
      writePaymentTask(ring.view, ring.bytes, at, task);
      ring.end();
    }
    for (const call of effects.calls) {
      const payload = encodeJson(call);
      const ring = this.#ringOf(call.taskId);
      const at = ring.begin(FRAME_KINDS.task, payload.byteLength);
      if (at < 0) throw new Error("the task ring is full, although its tasks are counted");
      ring.bytes.set(payload, at);
      ring.end();
    }
    for (const { taskId, processor } of effects.assigned) {
      writeMark(this.#ringOf(taskId), FRAME_KINDS.assigned, taskId, processorNumber(processor));
    }
    for (const [thread, ring] of tasks.entries()) {
      if (ring.position === ring.publishedPosition) continue;
      ring.publish();
      dispatchBells[thread]?.ring();
    }
    metrics.set("ring_fill", Math.max(...tasks.map((ring) => ring.fillRatio)), "tasks");
    metrics.set("ring_fill", replies.fillRatio, "replies");
    for (const reply of effects.replies) writeReply(replies, encodeJson(reply));
    if (effects.replies.length > 0) {
      replies.publish();
      mainBell.ring();
    }
  }

  #ringOf(taskId: number): RingProducer {
    const ring = this.#parts.tasks[taskId % this.#parts.tasks.length];
    if (ring === undefined) throw new Error("there is no dispatch thread");
    return ring;
  }
}

function writeMark(ring: RingProducer, kind: number, taskId: number, mark: number): void {
  const at = ring.begin(kind, TASK_MARK_BYTES);
  if (at < 0) throw new Error("the task ring is full, although its tasks are counted");
  ring.view.setFloat64(at, taskId, true);
  ring.view.setUint8(at + 8, mark);
  ring.end();
}

/** main empties the ring at every turn of its loop; a full one means that it is busy for a moment. */
function writeReply(ring: RingProducer, payload: Uint8Array): void {
  for (;;) {
    const at = ring.begin(FRAME_KINDS.reply, payload.byteLength);
    if (at >= 0) {
      ring.bytes.set(payload, at);
      ring.end();
      return;
    }
    ring.publish();
    sleepMs(0.2);
  }
}
