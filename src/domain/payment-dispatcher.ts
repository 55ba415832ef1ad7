import type { AttemptOutcome } from "./attempt-outcome.ts";
import { CallPace } from "./call-pace.ts";
import type { BreakerState } from "./circuit-breaker.ts";
import { IntakeMonitor } from "./intake-monitor.ts";
import type { Journey } from "./payment-journey.ts";
import type { DispatchAction, DispatcherSettings, DispatcherSnapshot, PaymentTask } from "./payment-task.ts";
import { otherProcessor, PROCESSOR_NAMES, type ProcessorName } from "./processor.ts";
import { ProcessorLane } from "./processor-lane.ts";
import { ProcessorScouting } from "./processor-scouting.ts";
import { retryDelayMs, UNCERTAIN_PAYMENT_RETRY, UNPROCESSED_PAYMENT_RETRY } from "./retry-policy.ts";
import { cheaperProcessor, chooseRoute, type Route } from "./routing.ts";
import { TaskHeap } from "./task-heap.ts";

export type { DispatchAction, DispatcherSettings, DispatcherSnapshot, PaymentTask } from "./payment-task.ts";

const IN_FLIGHT_MAX = 256;
/** How often held payments are looked at again: what is decided about them changes as time passes. */
const HOLD_TICK_MS = 20;

/**
 * Decides which payment is sent to which processor and when. Pure and synchronous: the dispatch thread
 * tells it what happened (`add`, `assigned`, `finished`, `healthSeen`), then takes actions until there are
 * none. All times are ms of one clock that never goes back, the one of `acceptedAtMs`; task ids are never
 * used twice.
 *
 *                      ┌────────────── failed, refused ──────────────┐
 *                      ▼                                             │
 *   add ──► waiting ──► assigning ──► ready ──► calling ──► settled, declined: gone
 *      │       │    not yet written down          ▲  │
 *      │       └── already written down ──────────┘  │ unknown
 *      └─ uncertain ──► uncertain (one processor) ◄──┘   asked again by the same processor, for ever
 *
 * Invariants: a call is made only to the processor that is written down (`assigned`); a payment with an
 * unknown outcome is never assigned anew; assigning, ready and calling hold a place under the processor's
 * limit; a processor whose breaker is not closed gets one call at a time, its probe. A further one follows a
 * probe that is silent only at the cheaper processor or when none works: after one second, two, four …, or
 * when the other processor has come back, or this one says of itself that it works.
 */
export class PaymentDispatcher<T extends PaymentTask = PaymentTask> {
  private readonly settings: DispatcherSettings;
  private readonly random: () => number;
  private readonly lanes: Readonly<Record<ProcessorName, ProcessorLane<T>>>;
  private readonly scouting: ProcessorScouting<T>;
  private readonly intake: IntakeMonitor;
  private readonly pace = new CallPace((nowMs) => this.intake.ratePerSecond(nowMs));
  /** By time accepted: oldest first. */
  private readonly waitingTasks = new TaskHeap<T>();
  /** By time due: failed more than once lately. */
  private readonly delayedTasks = new TaskHeap<T>();
  private readonly journeys = new Map<number, Journey<T>>();
  private readonly ready: Journey<T>[] = [];
  /** Every task held in any stage, so that one that is handed over twice is taken once. */
  private readonly held = new Set<number>();

  constructor(settings: DispatcherSettings, random: () => number) {
    this.settings = settings;
    this.random = random;
    const max = settings.inFlightMax ?? IN_FLIGHT_MAX;
    this.lanes = {
      default: new ProcessorLane<T>("default", settings.feeShares.default, settings.timeoutMs, max),
      fallback: new ProcessorLane<T>("fallback", settings.feeShares.fallback, settings.timeoutMs, max),
    };
    const cheaper = cheaperProcessor(settings.feeShares);
    this.scouting = new ProcessorScouting(this.lanes, cheaper, settings.timeoutMs);
    this.intake = new IntakeMonitor(settings.maxHoldMs);
  }

  /** Takes a task over; one that is held already is ignored. */
  add(task: T, nowMs: number): void {
    if (this.held.has(task.taskId)) return;
    this.held.add(task.taskId);
    const letGo = this.journeys.get(task.taskId);
    if (letGo === undefined) this.takeIn(task, nowMs);
    else letGo.successor = task;
  }

  private takeIn(task: T, nowMs: number): void {
    this.intake.arrived(task.acceptedAtMs, nowMs);
    if (task.uncertain && task.assigned !== null) this.lanes[task.assigned].uncertain.push(nowMs, task);
    else this.waitingTasks.push(task.acceptedAtMs, task);
  }

  /** The answer to an `assign` action: `processor` is now written down for this task. */
  assigned(taskId: number, processor: ProcessorName, _nowMs: number): void {
    const journey = this.journeys.get(taskId);
    if (journey === undefined || journey.stage !== "assigning" || journey.lane.name !== processor) return;
    journey.task.assigned = processor;
    journey.stage = "ready";
    this.ready.push(journey);
  }

  /** The answer to a `call` action. `latencyMs` is from the start of the call to this outcome. */
  finished(taskId: number, outcome: AttemptOutcome, latencyMs: number, nowMs: number): void {
    const journey = this.journeys.get(taskId);
    if (journey === undefined || journey.stage !== "calling") return;
    const { task, lane } = journey;
    const wasDown = !lane.isWorking;
    this.endJourney(journey);
    lane.callEnded(journey.startedMs);
    switch (outcome.kind) {
      case "settled":
      case "declined":
        // A final no comes at once, and the answer to a question may: neither tells how long a payment takes.
        lane.answered(latencyMs, outcome.kind === "settled" && !journey.isQuestion, nowMs);
        if (wasDown) this.lanes[otherProcessor(lane.name)].breaker.hopeAgain(nowMs);
        if (!journey.isPurged) this.held.delete(taskId);
        else if (journey.successor !== null) this.takeIn(journey.successor, nowMs);
        return;
      case "refused":
        lane.refused(latencyMs, outcome.retryAfterMs, nowMs);
        break;
      case "failed":
        lane.breaker.failed(false, journey.probe, nowMs);
        break;
      case "unknown":
        lane.gaveNoAnswer(latencyMs, journey.probe, nowMs);
        task.uncertain = true;
        break;
    }
    if (!journey.isPurged) this.putBack(task, lane, nowMs);
    else if (journey.successor !== null) this.takeIn(journey.successor, nowMs);
  }

  /** What a processor says about itself, from whichever replica asked it. */
  healthSeen(
    processor: ProcessorName,
    health: { readonly failing: boolean; readonly minResponseTimeMs: number },
    nowMs: number,
  ): void {
    const lane = this.lanes[processor];
    const wasDown = !lane.isWorking;
    lane.healthSeen(health.failing, health.minResponseTimeMs, nowMs);
    if (wasDown && lane.isWorking) this.lanes[otherProcessor(processor)].breaker.hopeAgain(nowMs);
  }

  /** The next thing to do, or null when there is none now. Call again until null. */
  nextAction(nowMs: number): DispatchAction<T> | null {
    while (this.delayedTasks.peekKey() <= nowMs) {
      const task = this.delayedTasks.pop();
      if (task !== undefined) this.waitingTasks.push(task.acceptedAtMs, task);
    }
    const ready = this.nextReady(nowMs);
    if (ready !== null) return ready;
    if (!this.pace.isOpen(nowMs)) return null;
    return this.nextProbe(nowMs) ?? this.nextQuestion(nowMs) ?? this.nextPayment(nowMs);
  }

  /**
   * When `nextAction` may have something although nothing was told to it in between, ms; Infinity if never.
   */
  nextWakeMs(nowMs: number): number {
    let wakeMs = this.delayedTasks.peekKey();
    if (this.waitingTasks.size > 0) {
      const isPaced = !this.pace.isOpen(nowMs);
      wakeMs = Math.min(wakeMs, isPaced ? this.pace.wakeAtMs(nowMs) : nowMs + HOLD_TICK_MS);
    }
    for (const name of PROCESSOR_NAMES) {
      const lane = this.lanes[name];
      if (lane.uncertain.size === 0) continue;
      const dueMs = lane.isWorking
        ? lane.uncertain.peekKey()
        : Math.max(lane.breaker.probeDueMs, lane.boundProbeDueMs);
      // Due already means that there is no room: the next answer frees some, unless the processor has
      // asked for a pause.
      wakeMs = Math.min(wakeMs, dueMs > nowMs ? dueMs : nowMs + HOLD_TICK_MS);
    }
    if (wakeMs === Number.POSITIVE_INFINITY) return wakeMs;
    return Math.max(wakeMs, this.pace.wakeAtMs(nowMs), nowMs);
  }

  /** Where a payment accepted now would be called at once; null when it would wait or be held. */
  preferred(nowMs: number): ProcessorName | null {
    if (this.waitingTasks.size > 0 || !this.pace.isOpen(nowMs)) return null;
    const route = this.route(0, nowMs);
    return route.kind === "go" ? route.processor : null;
  }

  /**
   * Forgets the tasks that `predicate` accepts (a purge); returns how many. Calls that are out are let go.
   */
  remove(predicate: (task: T) => boolean): number {
    let removedCount = 0;
    const forget = (task: T): void => {
      this.held.delete(task.taskId);
      removedCount += 1;
    };
    this.waitingTasks.removeWhere(predicate, forget);
    this.delayedTasks.removeWhere(predicate, forget);
    for (const name of PROCESSOR_NAMES) this.lanes[name].uncertain.removeWhere(predicate, forget);
    for (const journey of [...this.journeys.values()]) {
      if (journey.successor !== null && predicate(journey.successor)) {
        forget(journey.successor);
        journey.successor = null;
      }
      if (journey.isPurged || !predicate(journey.task)) continue;
      forget(journey.task);
      journey.isPurged = true;
      // A connection that is busy keeps its place; an assignment that is not to be called frees it now.
      if (journey.stage !== "calling") this.abandon(journey, Number.NEGATIVE_INFINITY);
    }
    return removedCount;
  }

  /** Forgets every task and what was learned about the intake: what follows is another load. */
  clear(): void {
    this.remove(() => true);
    this.intake.reset();
  }

  /** Payments that wait for a processor, unknown outcomes not included. */
  get waiting(): number {
    return this.waitingTasks.size + this.delayedTasks.size;
  }

  get inFlight(): number {
    return this.lanes.default.inFlight + this.lanes.fallback.inFlight;
  }

  /** Every task held, in whatever stage. */
  get size(): number {
    return this.held.size;
  }

  breakerState(processor: ProcessorName): BreakerState {
    return this.lanes[processor].breaker.state;
  }

  snapshot(nowMs: number): DispatcherSnapshot {
    return {
      processors: {
        default: this.lanes.default.snapshot(nowMs),
        fallback: this.lanes.fallback.snapshot(nowMs),
      },
      waiting: this.waiting,
      inFlight: this.inFlight,
      oldestWaitingMs: this.waitingTasks.size === 0 ? 0 : nowMs - this.waitingTasks.peekKey(),
      intakePerSecond: this.intake.ratePerSecond(nowMs),
    };
  }

  /** Payments whose assignment has been written down go first: they hold a place already. */
  private nextReady(nowMs: number): DispatchAction<T> | null {
    for (;;) {
      const journey = this.ready.shift();
      if (journey === undefined) return null;
      if (journey.isPurged) continue;
      if (journey.lane.isWorking || journey.lane.breaker.isProbe(journey.probe))
        return this.call(journey, nowMs);
      // The breaker opened in between. Nobody has seen the payment: it is free to go elsewhere.
      this.abandon(journey, nowMs);
      this.waitingTasks.push(journey.task.acceptedAtMs, journey.task);
    }
  }

  private nextProbe(nowMs: number): DispatchAction<T> | null {
    for (const name of PROCESSOR_NAMES) {
      const lane = this.lanes[name];
      if (!this.scouting.mayProbe(lane, nowMs)) continue;
      const bound = lane.boundProbeDueMs <= nowMs ? lane.uncertain.pop() : undefined;
      if (bound !== undefined) return this.begin(bound, lane, true, nowMs);
      const young = this.waitingTasks.peekLast();
      if (young === undefined || !this.scouting.isWorthProbing(lane, young, nowMs)) continue;
      this.waitingTasks.popLast();
      return this.begin(young, lane, true, nowMs);
    }
    return null;
  }

  private nextQuestion(nowMs: number): DispatchAction<T> | null {
    for (const name of PROCESSOR_NAMES) {
      const lane = this.lanes[name];
      if (!lane.mayAsk(nowMs)) continue;
      const task = lane.uncertain.pop();
      if (task !== undefined) return this.begin(task, lane, false, nowMs);
    }
    return null;
  }

  private nextPayment(nowMs: number): DispatchAction<T> | null {
    const oldest = this.waitingTasks.peek();
    if (oldest === undefined) return null;
    const route = this.route(nowMs - oldest.acceptedAtMs, nowMs);
    const chosen = route.kind === "go" ? this.lanes[route.processor] : null;
    const lane = this.scouting.laneToScout(route, nowMs) ?? chosen;
    if (lane === null) {
      this.pressForRoom(nowMs);
      return null;
    }
    this.waitingTasks.pop();
    return this.begin(oldest, lane, false, nowMs);
  }

  /** A payment waits although a processor works: there is no room at any that does. */
  private pressForRoom(nowMs: number): void {
    const { default: one, fallback: other } = this.lanes;
    if ((one.isWorking && one.hasRoom(nowMs)) || (other.isWorking && other.hasRoom(nowMs))) return;
    if (one.isWorking) one.limit.pressed(nowMs);
    if (other.isWorking) other.limit.pressed(nowMs);
  }

  private route(paymentAgeMs: number, nowMs: number): Route {
    return chooseRoute({
      processors: { default: this.lanes.default.view(nowMs), fallback: this.lanes.fallback.view(nowMs) },
      backlog: this.waitingTasks.size,
      intakePerSecond: this.intake.ratePerSecond(nowMs),
      intakeAgeMs: this.intake.ageMs(nowMs),
      intakeCount: this.intake.count,
      intakeSilent: this.intake.isSilent(nowMs),
      paymentAgeMs,
      maxHoldMs: this.settings.maxHoldMs,
    });
  }

  /** Takes a place at the processor; the first step is the call if the processor is written down already. */
  private begin(task: T, lane: ProcessorLane<T>, isProbe: boolean, nowMs: number): DispatchAction<T> {
    const isQuestion = task.uncertain;
    const probe = isProbe ? lane.breaker.probeStarted(nowMs) : 0;
    const journey: Journey<T> = {
      task,
      lane,
      probe,
      isQuestion,
      stage: "assigning",
      startedMs: nowMs,
      isPurged: false,
      successor: null,
    };
    this.journeys.set(task.taskId, journey);
    this.pace.take();
    lane.placeTaken(nowMs);
    if (isQuestion) lane.questionsInFlight += 1;
    if (isProbe) {
      lane.lastProbeTaskId = task.taskId;
      lane.lastProbeWasQuestion = isQuestion;
    }
    if (task.assigned === lane.name) return this.call(journey, nowMs);
    return { kind: "assign", task, processor: lane.name };
  }

  private call(journey: Journey<T>, nowMs: number): DispatchAction<T> {
    journey.stage = "calling";
    journey.startedMs = nowMs;
    journey.task.attempts += 1;
    journey.lane.callStarted(nowMs);
    return { kind: "call", task: journey.task, processor: journey.lane.name };
  }

  /** Ends a journey on which no call was made. */
  private abandon(journey: Journey<T>, nowMs: number): void {
    this.endJourney(journey);
    journey.lane.breaker.probeAbandoned(journey.probe, nowMs);
  }

  private endJourney(journey: Journey<T>): void {
    this.journeys.delete(journey.task.taskId);
    journey.lane.inFlight -= 1;
    if (journey.isQuestion) journey.lane.questionsInFlight -= 1;
  }

  private putBack(task: T, lane: ProcessorLane<T>, nowMs: number): void {
    // Once unknown, "not processed" is only the answer to the last call: an earlier one may still land. Only
    // "recorded" or a final no ends the doubt.
    if (task.uncertain) {
      lane.uncertain.push(nowMs + retryDelayMs(UNCERTAIN_PAYMENT_RETRY, task.attempts, this.random), task);
      return;
    }
    task.assigned = null;
    if (task.attempts <= 1) this.waitingTasks.push(task.acceptedAtMs, task);
    else {
      const delayMs = retryDelayMs(UNPROCESSED_PAYMENT_RETRY, task.attempts - 1, this.random);
      this.delayedTasks.push(nowMs + delayMs, task);
    }
  }
}
