import type { PaymentDispatcher, PaymentTask } from "../domain/payment-dispatcher.ts";
import { PROCESSOR_NAMES, type ProcessorName } from "../domain/processor.ts";
import { formatUuid } from "../domain/uuid.ts";
import type { Logger } from "../log/logger.ts";
import type { Metrics } from "../metrics/metrics.ts";
import type { Doorbell } from "../ring/doorbell.ts";
import {
  ATTEMPT_BYTES_MAX,
  attemptBytes,
  EITHER_PROCESSOR,
  FRAME_KINDS,
  processorNumber,
  processorOf,
  readJson,
  readPaymentTask,
  TASK_MARK_BYTES,
  writeAttempt,
  writeTaskMark,
} from "../ring/frames.ts";
import type { RingConsumer } from "../ring/ring-consumer.ts";
import type { RingProducer } from "../ring/ring-producer.ts";
import type { PaymentOutcome } from "../upstreams/processor-client.ts";
import type { TaskCall } from "./batch-effects.ts";
import { DispatchTasks, type TaskRunners } from "./dispatch-tasks.ts";
import { HeapCare } from "./heap-care.ts";
import { PaymentInquirer, type PaymentLookup } from "./payment-inquirer.ts";
import { DROP, PHASES, type SharedState } from "./shared-state.ts";

export interface DispatchTask extends PaymentTask {
  readonly correlationId: string;
}

/** One call to a processor; never rejects. */
export type PayCall = (
  processor: ProcessorName,
  payment: {
    readonly correlationId: string;
    readonly amountCents: number;
    readonly requestedAtMs: number;
    readonly uncertain: boolean;
  },
) => Promise<PaymentOutcome>;

export interface DispatchThreadParts {
  readonly index: number;
  readonly dispatcher: PaymentDispatcher<DispatchTask>;
  readonly pay: PayCall;
  readonly lookup: PaymentLookup;
  /** Who calls what for the tasks of the other kinds. */
  readonly runners: TaskRunners;
  readonly tasks: RingConsumer;
  readonly outcomes: RingProducer;
  readonly bell: Doorbell;
  readonly storeBell: Doorbell;
  readonly state: SharedState;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Hears when this replica's circuit breaker of a processor opens or closes. */
  readonly onBreaker: (name: ProcessorName, open: boolean) => void;
  /** How long a stop waits for calls that are out. */
  readonly shutdownMs: number;
}

/** Longest sleep; bounds how late a change of phase is seen, too. */
const IDLE_MS = 100;
const DRAIN_TICK_MS = 10;
const REPORT_MS = 100;
const BREAKER_LEVEL = { closed: 0, "half-open": 1, open: 2 } as const;
/** A call's outcome frame, and an assign frame besides, with their headers. */
const FRAME_ROOM_BYTES = ATTEMPT_BYTES_MAX + TASK_MARK_BYTES + 32;

/**
 * The I/O around the pure dispatcher: tasks in from the ring, calls out to the processors, outcomes back
 * into the ring. What to call and when is decided in domain/payment-dispatcher.ts alone.
 *
 *   store ── tasks ──► pump ──► call ──► processor
 *     ▲                  ▲        │
 *     └──── outcomes ◄───┴────────┘ answer
 *
 * A call starts only while the outcomes ring has room for the outcome of every call that is out: an outcome
 * always finds its place, so none is lost or waits in memory without bound.
 */
export class DispatchThread {
  readonly #parts: DispatchThreadParts;
  readonly #tasks = new Map<number, DispatchTask>();
  readonly #calling = new Set<number>();
  readonly #healthSeenAtMs: Record<ProcessorName, number> = { default: 0, fallback: 0 };
  readonly #peerBreakerSeenAtMs: Record<ProcessorName, number> = { default: 0, fallback: 0 };
  readonly #breakerWasOpen: Record<ProcessorName, boolean> = { default: false, fallback: false };
  readonly #heap = new HeapCare("dispatch");
  readonly #others: DispatchTasks;
  readonly #inquirer: PaymentInquirer<DispatchTask>;
  readonly #clockOffsetMs = Date.now() - performance.now();
  /** The last loss of the lease that this thread has heard of, see SharedState.fence. */
  #fence = 0;
  #isPumpPlanned = false;
  #reportedAtMs = 0;

  constructor(parts: DispatchThreadParts) {
    this.#parts = parts;
    this.#others = new DispatchTasks(parts.runners, parts.outcomes, parts.log, {
      fence: () => this.#fence,
      onOutcome: () => this.#planPump(),
    });
    this.#inquirer = new PaymentInquirer<DispatchTask>({
      lookup: parts.lookup,
      onRecorded: (task, processor, outcome, latencyMs) => {
        if (this.#isOurs(task)) this.#writeOutcome(task, processor, outcome, Date.now(), latencyMs);
        this.#planPump();
      },
      onNowhere: (task) => {
        if (this.#isOurs(task)) parts.dispatcher.add(task, this.#steadyNowMs());
        this.#planPump();
      },
      log: parts.log,
    });
  }

  /** Runs until the drain phase; ends with every task settled, or handed back to the database. */
  async run(): Promise<void> {
    const { bell, state } = this.#parts;
    while (state.phase === PHASES.run) {
      const seen = bell.value;
      const wakeInMs = this.turn();
      await bell.waitAsync(seen, wakeInMs);
    }
    await this.drain();
  }

  /** Takes what is in the ring and starts what is due. @returns after how long to look again at the latest, ms */
  turn(): number {
    const { state, index, dispatcher } = this.#parts;
    const now = this.#steadyNowMs();
    state.setDispatchBeatMs(index, Date.now());
    this.#lookAtHealth(now);
    this.#pump();
    const wakeInMs = Math.min(dispatcher.nextWakeMs(now), this.#inquirer.nextWakeMs()) - now;
    return Math.max(1, Math.min(IDLE_MS, wakeInMs));
  }

  /** The dispatcher's clock: like the wall clock at the start, but it never goes back. */
  #steadyNowMs(): number {
    return this.#clockOffsetMs + performance.now();
  }

  /** Tells the dispatcher what the processors said of themselves since the last look. */
  #lookAtHealth(now: number): void {
    const { state, dispatcher } = this.#parts;
    for (const name of PROCESSOR_NAMES) {
      const health = state.health(name);
      if (health === null || health.seenAtMs === this.#healthSeenAtMs[name]) continue;
      this.#healthSeenAtMs[name] = health.seenAtMs;
      dispatcher.healthSeen(name, health, now);
    }
    for (const name of PROCESSOR_NAMES) this.#shareBreaker(name, now);
  }

  /**
   * What a replica learns by failing, the others need not learn by failing. A peer's word only moves the breaker:
   * if it is wrong, this replica's own next probe closes it again after some 50 ms.
   */
  #shareBreaker(name: ProcessorName, now: number): void {
    const { state, dispatcher, onBreaker } = this.#parts;
    const isOpen = () => dispatcher.breakerState(name) !== "closed";
    if (isOpen() !== this.#breakerWasOpen[name]) onBreaker(name, isOpen());
    const peer = state.peerBreaker(name);
    const minResponseTimeMs = state.health(name)?.minResponseTimeMs;
    if (peer.atMs !== this.#peerBreakerSeenAtMs[name] && minResponseTimeMs !== undefined) {
      this.#peerBreakerSeenAtMs[name] = peer.atMs;
      dispatcher.healthSeen(name, { failing: peer.open, minResponseTimeMs }, now);
    }
    // What a peer's word has changed is no news to peers.
    this.#breakerWasOpen[name] = isOpen();
  }

  /** After answers: many arrive in one turn of the event loop, one pump serves them all. */
  #planPump(): void {
    if (this.#isPumpPlanned) return;
    this.#isPumpPlanned = true;
    setImmediate(() => {
      this.#isPumpPlanned = false;
      this.#pump();
    });
  }

  #pump(): void {
    const { dispatcher, state, index, outcomes, storeBell } = this.#parts;
    const now = this.#steadyNowMs();
    // Woken after a long sleep, or commits fail: what waits here may be another replica's work by now.
    const holdsLease = state.holdsLease(Date.now());
    if (holdsLease || state.phase !== PHASES.run) this.#takeTasks();
    this.#others.flush();
    if (state.phase === PHASES.run && holdsLease) {
      // Looked at again before each call, because a process may be stopped anywhere.
      const mayCall = () => this.#hasRoom() && state.holdsLease(Date.now());
      this.#inquirer.ask(now, mayCall, () => this.#steadyNowMs());
      while (mayCall()) {
        const action = dispatcher.nextAction(now);
        if (action === null) break;
        if (action.kind === "call") this.#call(action.task, action.processor);
        else this.#writeMark(FRAME_KINDS.assign, action.task.taskId, processorNumber(action.processor));
      }
      state.setPreferred(index, dispatcher.preferred(now));
    }
    if (outcomes.position !== outcomes.publishedPosition) {
      outcomes.publish();
      storeBell.ring();
    }
    this.#report();
  }

  #hasRoom(): boolean {
    const outcomesMax = this.#calling.size + this.#inquirer.inFlight;
    return this.#parts.outcomes.freeBytes > (outcomesMax + 2) * FRAME_ROOM_BYTES;
  }

  /**
   * Whether the frame that was just read is from before the lease was lost. The drop that carries the fence's
   * number ends that.
   */
  #isVoid(): boolean {
    const { tasks, state } = this.#parts;
    const { fence } = state;
    if (this.#fence === fence) return false;
    if (tasks.kind !== FRAME_KINDS.drop || tasks.view.getFloat64(tasks.offset, true) !== fence) return true;
    this.#fence = fence;
    return false;
  }

  #takeTasks(): void {
    const { tasks, dispatcher } = this.#parts;
    const now = this.#steadyNowMs();
    let frames = 0;
    while (tasks.next()) {
      frames++;
      if (this.#isVoid()) continue;
      const { view, bytes, offset } = tasks;
      switch (tasks.kind) {
        case FRAME_KINDS.paymentTask: {
          const frame = readPaymentTask(view, bytes, offset);
          const { taskId, amountCents, attempts, assigned, uncertain } = frame;
          // Its age is what counts, in the dispatcher's clock.
          const acceptedAtMs = now - Math.max(0, Date.now() - frame.acceptedAtMs);
          const correlationId = formatUuid(frame.idBytes, frame.idAt);
          const task = { taskId, amountCents, acceptedAtMs, attempts, assigned, uncertain, correlationId };
          this.#tasks.set(task.taskId, task);
          if (!this.#inquirer.take(task, now)) dispatcher.add(task, now);
          break;
        }
        case FRAME_KINDS.assigned: {
          const processor = processorOf(view.getUint8(offset + 8));
          if (processor !== null) dispatcher.assigned(view.getFloat64(offset, true), processor, now);
          break;
        }
        case FRAME_KINDS.task:
          // store-thread.ts wrote the frame with this shape
          this.#others.start(readJson(bytes, offset, tasks.length) as TaskCall);
          break;
        case FRAME_KINDS.drop:
          dispatcher.clear();
          this.#inquirer.clear();
          this.#tasks.clear();
          if (view.getUint8(offset + 8) === DROP.everything) this.#others.drop();
          break;
        default:
          throw new Error(`a task frame of unknown kind ${tasks.kind}`);
      }
    }
    tasks.release();
    this.#heap.handled(frames);
  }

  #call(task: DispatchTask, processor: ProcessorName): void {
    const { pay, dispatcher, log } = this.#parts;
    const requestedAtMs = Date.now();
    const startedAt = performance.now();
    this.#calling.add(task.taskId);
    const { correlationId, amountCents, uncertain } = task;
    const called = pay(processor, { correlationId, amountCents, requestedAtMs, uncertain }).catch(
      (error: unknown) => {
        // A defect; whether the processor has seen the payment is unknown.
        log.error("a call threw: this is a defect", { processor, error });
        return { kind: "unknown", code: "internal_error" } as const;
      },
    );
    void called.then((outcome) => {
      const latencyMs = performance.now() - startedAt;
      this.#calling.delete(task.taskId);
      dispatcher.finished(task.taskId, outcome, latencyMs, this.#steadyNowMs());
      if (this.#isOurs(task)) this.#writeOutcome(task, processor, outcome, requestedAtMs, latencyMs);
      this.#planPump();
    });
  }

  /** A task that was dropped meanwhile is not ours any more: the store would ignore its outcome. */
  #isOurs(task: DispatchTask): boolean {
    return this.#tasks.get(task.taskId) === task && this.#fence === this.#parts.state.fence;
  }

  #writeOutcome(
    task: DispatchTask,
    processor: ProcessorName,
    outcome: PaymentOutcome,
    requestedAtMs: number,
    latencyMs: number,
  ): void {
    const { outcomes, metrics } = this.#parts;
    metrics.increment("processor_attempts", `${processor}_${outcome.kind}`);
    metrics.observe("processor_call_seconds", latencyMs / 1000);
    if (outcome.kind === "settled" || outcome.kind === "declined") this.#tasks.delete(task.taskId);
    else this.#logOutcome(processor, outcome);
    const at = outcomes.begin(FRAME_KINDS.attempt, attemptBytes(outcome));
    if (at < 0) throw new Error("the outcomes ring is full, although room was kept for every call");
    writeAttempt(outcomes.view, outcomes.bytes, at, {
      taskId: task.taskId,
      fence: this.#fence,
      processor,
      kind: outcome.kind,
      requestedAtMs: outcome.kind === "settled" ? outcome.requestedAtMs : requestedAtMs,
      latencyMs,
      // What the processor's books say is what its own summary will say.
      amountCents: (outcome.kind === "settled" ? outcome.recordedAmountCents : undefined) ?? task.amountCents,
      upstream: task.assigned,
      code: outcome.kind === "settled" ? "" : outcome.code,
      call: outcome.call,
    });
    outcomes.end();
  }

  #writeMark(kind: number, taskId: number, upstream: number): void {
    const { outcomes } = this.#parts;
    const at = outcomes.begin(kind, TASK_MARK_BYTES);
    if (at < 0) throw new Error("the outcomes ring is full, although room was kept");
    writeTaskMark(outcomes.view, at, { taskId, upstream, fence: this.#fence });
    outcomes.end();
  }

  /** Waits for the calls that are out, then hands everything else back. */
  async drain(): Promise<void> {
    const { shutdownMs, log, state, index } = this.#parts;
    const deadline = performance.now() + shutdownMs;
    while (this.#calling.size + this.#others.size > 0 && performance.now() < deadline) {
      this.#pump();
      await Bun.sleep(DRAIN_TICK_MS);
    }
    if (this.#calling.size + this.#others.size > 0) {
      log.warn("calls are still out: they are asked about after the next start", {
        calls: this.#calling.size + this.#others.size,
      });
    }
    await this.#handBack();
    state.setDispatchStopped(index);
  }

  async #handBack(): Promise<void> {
    const { outcomes, storeBell } = this.#parts;
    this.#takeTasks();
    for (const task of this.#tasks.values()) {
      while (outcomes.freeBytes < FRAME_ROOM_BYTES) {
        outcomes.publish();
        storeBell.ring();
        await Bun.sleep(1);
      }
      const mayHaveSeen = task.uncertain || this.#calling.has(task.taskId);
      const upstream = mayHaveSeen ? processorNumber(task.assigned) : 0;
      const isInDoubt = this.#inquirer.has(task.taskId);
      this.#writeMark(FRAME_KINDS.giveBack, task.taskId, isInDoubt ? EITHER_PROCESSOR : upstream);
    }
    this.#tasks.clear();
    for (const taskId of this.#others.forget()) this.#writeMark(FRAME_KINDS.giveBack, taskId, 1);
    outcomes.publish();
    storeBell.ring();
  }

  #report(): void {
    const { dispatcher, metrics, outcomes } = this.#parts;
    const now = this.#steadyNowMs();
    if (now - this.#reportedAtMs < REPORT_MS) return;
    this.#reportedAtMs = now;
    const snapshot = dispatcher.snapshot(now);
    metrics.set("dispatch_in_flight", snapshot.inFlight);
    metrics.set("dispatch_waiting", snapshot.waiting);
    metrics.set("ring_fill", outcomes.fillRatio, "outcomes");
    for (const name of PROCESSOR_NAMES) {
      metrics.set("breaker_state", BREAKER_LEVEL[snapshot.processors[name].breaker], name);
    }
  }

  /** A service that is set up wrong is said loudly; what the breaker handles anyway only in detail. */
  #logOutcome(processor: ProcessorName, outcome: Exclude<PaymentOutcome, { kind: "settled" }>): void {
    const { log } = this.#parts;
    if (outcome.kind === "failed" && /^http_4|^http_3/.test(outcome.code)) {
      log.error("the processor is set up wrong: check its address", { processor, code: outcome.code });
    } else {
      log.debug("call did not settle the payment", { processor, outcome: outcome.kind, code: outcome.code });
    }
  }
}
