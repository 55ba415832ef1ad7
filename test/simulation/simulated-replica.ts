import type { AttemptOutcome } from "../../src/domain/attempt-outcome.ts";
import { PROBE_INTERVAL_MAXIMUM_MS } from "../../src/domain/circuit-breaker.ts";
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
export interface Row {
  readonly acceptedAtMs: number;
  assigned: ProcessorName | null;
  attempts: number;
}

interface Health {
  readonly failing: boolean;
  readonly minResponseTimeMs: number;
}

const HOLD_SLACK_MS = 2_000;
/** How often a replica looks for health that others have heard. */
const HEALTH_LOOK_MS = 250;

/**
 * One replica: the store (rows that survive, commits 1 to 5 ms late and in order) and the shell around the
 * dispatcher, with the network between it and the processors. A crash forgets everything but the rows.
 */
export class SimulatedReplica {
  dispatcher: PaymentDispatcher;
  isDown = false;
  /** Hears when the breaker opens or closes by what this replica has seen itself. */
  onBreaker: (processor: ProcessorName, isOpen: boolean) => void = () => {};
  private readonly rows = new Map<number, Row>();
  private readonly scenario: Scenario;
  private readonly processors: Readonly<Record<ProcessorName, SimulatedProcessor>>;
  private readonly clock: VirtualClock;
  private readonly random: () => number;
  private readonly watch: InvariantWatch;
  /** Counts crashes: what was under way before one is nobody's any more. */
  private life = 0;
  /** The last health that anybody heard; it is in the database, too. */
  private readonly health: Record<ProcessorName, Health | null> = { default: null, fallback: null };
  private readonly breakerWasOpen = { default: false, fallback: false };
  private lastCommitMs = 0;
  private wakeAtMs = Number.POSITIVE_INFINITY;
  private readonly cheaper: ProcessorName;
  private readonly wasDown = { default: false, fallback: false };
  /** When it was last said to work, by itself or by a peer whose breaker closed. */
  private readonly saidToWorkMs = { default: Number.NEGATIVE_INFINITY, fallback: Number.NEGATIVE_INFINITY };
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

  healthSeen(processor: ProcessorName, health: Health): void {
    this.health[processor] = health;
    if (this.isDown) return;
    if (!health.failing) this.saidToWorkMs[processor] = this.clock.nowMs;
    this.dispatcher.healthSeen(processor, health, this.clock.nowMs);
    this.forgetEndedOutage(processor);
    this.pump();
  }

  /** Another replica's breaker moved; the dispatch thread takes it for news of the processor's health. */
  peerBreakerMoved(processor: ProcessorName, isOpen: boolean): void {
    const minResponseTimeMs = this.health[processor]?.minResponseTimeMs;
    if (this.isDown || minResponseTimeMs === undefined) return;
    if (!isOpen) this.saidToWorkMs[processor] = this.clock.nowMs;
    this.dispatcher.healthSeen(processor, { failing: isOpen, minResponseTimeMs }, this.clock.nowMs);
    // What a peer's word has changed is no news to peers.
    this.breakerWasOpen[processor] = this.dispatcher.breakerState(processor) !== "closed";
    this.forgetEndedOutage(processor);
    this.pump();
  }

  /** Returns the number of crashes so far, this one included. */
  crash(downMs: number): number {
    if (this.isDown) return this.life;
    this.isDown = true;
    this.life += 1;
    this.wakeAtMs = Number.POSITIVE_INFINITY;
    this.clock.after(downMs, () => this.restart());
    return this.life;
  }

  get crashes(): number {
    return this.life;
  }

  /** Its lease has run out: everything that it had belongs to others from now on. */
  giveUp(): [number, Row][] {
    const rows = [...this.rows];
    this.rows.clear();
    return rows;
  }

  /** A dead replica's payment; where one is written down, it may have been called. */
  takeOver(paymentId: number, row: Row): void {
    this.rows.set(paymentId, row);
    this.commit(() => {
      this.dispatcher.add(this.taskOf(paymentId, row, row.assigned !== null), this.clock.nowMs);
      this.pump();
    });
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
    for (const name of PROCESSOR_NAMES) {
      this.breakerWasOpen[name] = false;
      const health = this.health[name];
      if (health === null) continue;
      this.inThisLife(this.clock.nowMs + between(this.random, 0, HEALTH_LOOK_MS), () =>
        this.healthSeen(name, this.health[name] ?? health),
      );
    }
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
    this.tellBreakers();
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

  private tellBreakers(): void {
    for (const name of PROCESSOR_NAMES) {
      const isOpen = this.dispatcher.breakerState(name) !== "closed";
      if (isOpen === this.breakerWasOpen[name]) continue;
      this.breakerWasOpen[name] = isOpen;
      this.onBreaker(name, isOpen);
    }
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
    // its call), or the other processor has come back since, or this one is said to work.
    const other = otherProcessor(processor);
    const isOtherDown = this.dispatcher.breakerState(other) !== "closed" || nowMs - this.backMs[other] < 10;
    const isUrgent = isOtherDown || processor === this.cheaper;
    const silentMs = nowMs - (before?.startedMs ?? Number.NEGATIVE_INFINITY);
    const hopeMs = Math.max(this.backMs[other], this.saidToWorkMs[processor]);
    const isAlone =
      before === null ||
      (isUrgent && silentMs >= 950) ||
      (isUrgent && silentMs >= PROBE_INTERVAL_MAXIMUM_MS - 10 && hopeMs >= before.startedMs - 10);
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
