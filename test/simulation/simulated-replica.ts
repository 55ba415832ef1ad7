import type { AttemptOutcome } from "../../src/domain/attempt-outcome.ts";
import {
  type DispatchAction,
  PaymentDispatcher,
  type PaymentTask,
} from "../../src/domain/payment-dispatcher.ts";
import { otherProcessor, PROCESSOR_NAMES, type ProcessorName } from "../../src/domain/processor.ts";
import { cheaperProcessor } from "../../src/domain/routing.ts";
import type { InvariantWatch } from "./invariants.ts";
import type { Scenario } from "./scenario.ts";
import { between } from "./seeded-random.ts";
import type { Answer, SimulatedProcessor } from "./simulated-processor.ts";
import type { VirtualClock } from "./virtual-clock.ts";

/** What survives a crash. */
interface Row {
  readonly acceptedAtMs: number;
  assigned: ProcessorName | null;
  attempts: number;
}

const HOLD_SLACK_MS = 2_000;

/**
 * One replica: the store (rows that survive, commits 1 to 5 ms late and in order) and the shell around the
 * dispatcher, with the network between it and the processors. A crash forgets everything but the rows.
 */
export class SimulatedReplica {
  dispatcher: PaymentDispatcher;
  isDown = false;
  private readonly rows = new Map<number, Row>();
  private readonly scenario: Scenario;
  private readonly processors: Readonly<Record<ProcessorName, SimulatedProcessor>>;
  private readonly clock: VirtualClock;
  private readonly random: () => number;
  private readonly watch: InvariantWatch;
  /** Counts restarts: what was under way before one is nobody's any more. */
  private life = 0;
  private lastCommitMs = 0;
  private wakeAtMs = Number.POSITIVE_INFINITY;
  private readonly cheaper: ProcessorName;
  private readonly wasDown = { default: false, fallback: false };
  /** When the breaker closed last. */
  private readonly backMs = { default: Number.NEGATIVE_INFINITY, fallback: Number.NEGATIVE_INFINITY };
  /** Payments waiting when the last check found one held for too long. */
  private overdue = Number.POSITIVE_INFINITY;
  /** The last call begun while the breaker was not closed, the probe, until it ends. */
  private readonly probes: Record<ProcessorName, { paymentId: number; startedMs: number } | null> = {
    default: null,
    fallback: null,
  };

  constructor(
    scenario: Scenario,
    processors: Readonly<Record<ProcessorName, SimulatedProcessor>>,
    clock: VirtualClock,
    random: () => number,
    watch: InvariantWatch,
  ) {
    this.scenario = scenario;
    this.processors = processors;
    this.clock = clock;
    this.random = random;
    this.watch = watch;
    this.cheaper = cheaperProcessor(scenario.feeShares);
    this.dispatcher = new PaymentDispatcher(scenario, random);
  }

  get unfinished(): number {
    return this.rows.size;
  }

  /** Accepted payments are safe at once (the mapped ring); they reach the dispatcher with the commit. */
  accept(paymentId: number): void {
    const acceptedAtMs = this.clock.nowMs;
    const row: Row = { acceptedAtMs, assigned: null, attempts: 0 };
    this.rows.set(paymentId, row);
    const preferred = this.dispatcher.preferred(acceptedAtMs);
    this.commit(() => {
      row.assigned = preferred;
      this.dispatcher.add(this.taskOf(paymentId, row, false), this.clock.nowMs);
      this.pump();
    });
  }

  healthSeen(processor: ProcessorName, health: { failing: boolean; minResponseTimeMs: number }): void {
    if (this.isDown) return;
    this.dispatcher.healthSeen(processor, health, this.clock.nowMs);
    this.forgetEndedOutage(processor);
    this.pump();
  }

  crash(downMs: number): void {
    if (this.isDown) return;
    this.isDown = true;
    this.life += 1;
    this.wakeAtMs = Number.POSITIVE_INFINITY;
    this.clock.after(downMs, () => this.restart());
  }

  /** Checks what can be seen from outside at any time. */
  check(): void {
    if (this.isDown) return;
    const { feeShares, inFlightMax, maxHoldMs } = this.scenario;
    const snapshot = this.dispatcher.snapshot(this.clock.nowMs);
    const dearer = feeShares.fallback < feeShares.default ? "default" : "fallback";
    for (const name of PROCESSOR_NAMES) {
      const { inFlight } = snapshot.processors[name];
      this.watch.expect(inFlight >= 0 && inFlight <= inFlightMax, () => `${inFlight} in flight at ${name}`);
    }
    const { breaker, inFlight, concurrencyLimit } = snapshot.processors[dearer];
    const dearerTakes = breaker === "closed" && inFlight < concurrencyLimit;
    // After both were down, payments that waited longer are drained at the pace of calls: fewer at every
    // look.
    const isHeldTooLong = dearerTakes && snapshot.oldestWaitingMs > maxHoldMs + HOLD_SLACK_MS;
    this.watch.expect(
      !isHeldTooLong || snapshot.waiting < this.overdue,
      () => `a payment waited ${snapshot.oldestWaitingMs} ms while the dearer processor had room`,
    );
    this.overdue = isHeldTooLong ? snapshot.waiting : Number.POSITIVE_INFINITY;
  }

  private restart(): void {
    this.isDown = false;
    this.lastCommitMs = this.clock.nowMs;
    this.probes.default = null;
    this.probes.fallback = null;
    this.dispatcher = new PaymentDispatcher(this.scenario, this.random);
    for (const [paymentId, row] of this.rows) {
      // Written down means: may have been called.
      this.dispatcher.add(this.taskOf(paymentId, row, row.assigned !== null), this.clock.nowMs);
    }
    this.pump();
  }

  private taskOf(paymentId: number, row: Row, uncertain: boolean): PaymentTask {
    const { acceptedAtMs, assigned, attempts } = row;
    return {
      taskId: paymentId,
      amountCents: this.scenario.amountCents,
      acceptedAtMs,
      attempts,
      assigned,
      uncertain,
    };
  }

  /** Runs `change` when the store has committed, in order; a crash before that undoes it. */
  private commit(change: () => void): void {
    // A microsecond apart, because the clock promises no order among events of the same time.
    this.lastCommitMs = Math.max(this.lastCommitMs + 0.001, this.clock.nowMs + between(this.random, 1, 5));
    this.inThisLife(this.lastCommitMs, change);
  }

  private inThisLife(timeMs: number, event: () => void): void {
    const life = this.life;
    this.clock.at(timeMs, () => {
      if (this.life === life && !this.isDown) event();
    });
  }

  /** What the dispatch thread does after every event: all actions, then sleep until the next. */
  private pump(): void {
    const nowMs = this.clock.nowMs;
    for (let action = this.dispatcher.nextAction(nowMs); action !== null; ) {
      this.perform(action);
      action = this.dispatcher.nextAction(nowMs);
    }
    const wakeMs = this.dispatcher.nextWakeMs(nowMs);
    // An earlier wake that is already set will come by itself; one in the past would never let time pass.
    if (wakeMs >= this.wakeAtMs || wakeMs === Number.POSITIVE_INFINITY) return;
    this.wakeAtMs = Math.max(wakeMs, nowMs + 0.1);
    this.inThisLife(this.wakeAtMs, () => {
      if (this.clock.nowMs < this.wakeAtMs) return;
      this.wakeAtMs = Number.POSITIVE_INFINITY;
      this.pump();
    });
  }

  private perform(action: DispatchAction): void {
    const { task, processor } = action;
    const row = this.rows.get(task.taskId);
    if (action.kind === "assign") {
      this.commit(() => {
        if (row !== undefined) row.assigned = processor;
        this.dispatcher.assigned(task.taskId, processor, this.clock.nowMs);
        this.pump();
      });
      return;
    }
    this.watch.callStarts(task.taskId, processor, row?.assigned ?? null);
    this.watchProbe(task.taskId, processor);
    this.call(task, processor);
  }

  private watchProbe(paymentId: number, processor: ProcessorName): void {
    if (this.dispatcher.breakerState(processor) === "closed") return;
    const before = this.probes[processor];
    const nowMs = this.clock.nowMs;
    // The exceptions: much hangs on it and the probe before has been silent for a second (less the commit before
    // its call), or the other processor has come back since.
    const other = otherProcessor(processor);
    const isOtherDown = this.dispatcher.breakerState(other) !== "closed" || nowMs - this.backMs[other] < 10;
    const isUrgent = isOtherDown || processor === this.cheaper;
    const silentMs = nowMs - (before?.startedMs ?? Number.NEGATIVE_INFINITY);
    const isAlone =
      before === null ||
      (isUrgent && silentMs >= 950) ||
      (isUrgent && silentMs >= 240 && this.backMs[other] >= before.startedMs - 10);
    this.watch.expect(
      isAlone,
      () => `a second probe of ${processor} at ${nowMs} ms, ${silentMs} ms after the first`,
    );
    this.probes[processor] = { paymentId, startedMs: nowMs };
  }

  /** A probe that is still out when its outage ends is a call like any other. */
  private forgetEndedOutage(processor: ProcessorName): void {
    const isWorking = this.dispatcher.breakerState(processor) === "closed";
    if (isWorking) this.probes[processor] = null;
    if (isWorking && this.wasDown[processor]) this.backMs[processor] = this.clock.nowMs;
    this.wasDown[processor] = !isWorking;
  }

  private call(task: PaymentTask, processor: ProcessorName): void {
    const startedMs = this.clock.nowMs;
    let isOver = false;
    const end = (outcome: AttemptOutcome): void => {
      if (isOver) return;
      isOver = true;
      this.finish(task, processor, outcome, this.clock.nowMs - startedMs);
    };
    this.inThisLife(startedMs + this.scenario.timeoutMs, () => end({ kind: "unknown", code: "timeout" }));
    // The request travels and is served even if this process dies meanwhile; only the answer has nobody to
    // go to.
    const life = this.life;
    this.clock.after(between(this.random, 0.1, 0.6), () =>
      this.processors[processor].receive(task.taskId, (answer) => {
        if (answer === "lost") return;
        this.clock.after(between(this.random, 0.1, 0.6), () => {
          if (this.life === life && !this.isDown) end(this.classify(answer));
        });
      }),
    );
  }

  private classify(answer: Exclude<Answer, "lost">): AttemptOutcome {
    switch (answer) {
      case "recorded":
      case "already-recorded":
        return { kind: "settled", requestedAtMs: this.clock.nowMs };
      case "failing":
        return { kind: "failed", code: "http_500" };
      case "too-many":
        return { kind: "refused", code: "http_429" };
      case "reset":
        return { kind: "unknown", code: "reset" };
    }
  }

  private finish(
    task: PaymentTask,
    processor: ProcessorName,
    outcome: AttemptOutcome,
    latencyMs: number,
  ): void {
    const paymentId = task.taskId;
    if (this.probes[processor]?.paymentId === paymentId) this.probes[processor] = null;
    const row = this.rows.get(paymentId);
    if (outcome.kind === "failed" || outcome.kind === "refused") {
      this.watch.callCameToNothing(paymentId, processor);
    }
    this.dispatcher.finished(paymentId, outcome, latencyMs, this.clock.nowMs);
    this.forgetEndedOutage(processor);
    // The outcome is committed like everything else: a crash before that leaves the payment uncertain.
    const isFree = !task.uncertain;
    this.commit(() => {
      if (outcome.kind === "settled" || outcome.kind === "declined") this.rows.delete(paymentId);
      else if (row !== undefined && isFree) row.assigned = null;
    });
    this.pump();
  }
}
