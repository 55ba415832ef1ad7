import { drainMicrotasks } from "bun:jsc";
import { TaskHeap } from "../../../src/domain/task-heap.ts";
import type { Trace } from "./trace.ts";

/**
 * The world that replicas run in: one clock, one order of all steps, both drawn from the seed.
 *
 * A step is what a thread does without sleeping. It is ordinary synchronous code of the product, and at each
 * *point* in it (a look at a clock, a transaction's beginning and end, a bell, a call) the world may
 *
 *   stop the thread there   other threads, of this replica and of others, go on for a while: their steps run inside
 *                           of this one, on the same stack; then it goes on with what it knew before
 *   freeze the replica      the same for all its threads, as SIGSTOP does
 *   kill the replica        the step ends there with a `Killed`, and whatever catches it finds the next point throw
 *
 * A step inside of a step is not stopped itself: one level shows every pair of interleaved steps.
 */
export class Killed extends Error {
  constructor(name: string) {
    super(`the replica ${name} was killed here`);
  }
}

/** For a promise whose beginning may have been killed. */
export function unlessKilled(error: unknown): void {
  if (!(error instanceof Killed)) throw error;
}

/** A process: what kill -9 ends. One object per life. */
export class SimulatedProcess {
  readonly name: string;
  isAlive = true;
  frozenUntilMs = 0;
  /** Steps of its threads that are on the stack. */
  stepsOpen = 0;
  readonly #onEnd: () => void;

  /** @param onEnd gives back what the kernel would: locks, open files */
  constructor(name: string, onEnd: () => void) {
    this.name = name;
    this.#onEnd = onEnd;
  }

  kill(): void {
    if (!this.isAlive) return;
    this.isAlive = false;
    this.cleanUp();
  }

  /** The kernel closes its files; not under the feet of a step that still has to unwind. */
  cleanUp(): void {
    if (!this.isAlive && this.stepsOpen === 0) this.#onEnd();
  }
}

export class SimulatedThread {
  readonly process: SimulatedProcess;
  readonly name: string;
  isOnStack = false;
  /** No CPU time until then, whatever the others of its process have. */
  stoppedUntilMs = 0;

  constructor(process: SimulatedProcess, name: string) {
    this.process = process;
    this.name = `${process.name}.${name}`;
  }
}

/** What will happen, unless it is cancelled. */
export class PlannedStep {
  /** Null: nobody's; the network, an upstream, the weather. */
  readonly thread: SimulatedThread | null;
  readonly label: string;
  readonly run: () => void;
  readonly #world: VirtualWorld;
  #isOver = false;

  constructor(world: VirtualWorld, thread: SimulatedThread | null, label: string, run: () => void) {
    this.#world = world;
    this.thread = thread;
    this.label = label;
    this.run = run;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Cancelled, or begun. */
  cancel(): void {
    this.#isOver = true;
  }

  /** Lets it happen after `delayMs`, unless it has happened. */
  hasten(delayMs: number): void {
    if (this.#isOver) return;
    this.cancel();
    this.#world.plan(this.thread, delayMs, this.label, this.run);
  }
}

/** What may happen at a point; shares are per point. */
export interface PointFaults {
  readonly killShare: number;
  readonly stopShare: number;
  /** How long a stop lasts, and whether it is one of all threads of the replica. */
  readonly drawStop: () => { readonly forMs: number; readonly freezes: boolean };
}

export const NO_POINT_FAULTS: PointFaults = {
  killShare: 0,
  stopShare: 0,
  drawStop: () => ({ forMs: 0, freezes: false }),
};

/** 2027-01-15T08:00:00Z */
const EPOCH_MS = 1_800_000_000_000;
/** What a look at the clock costs: time never stands still within a step. */
const POINT_MS = 0.002;
/** A thread that sleeps inside of another's step cannot let others run: its time passes in larger pieces. */
const INNER_SLEEP_MS = 20;

export class VirtualWorld {
  /** Since the start of the run; never goes back. */
  nowMs = 0;
  /** The wall clock's error; set by whoever sets the clock. */
  wallErrorMs = 0;
  pointFaults = NO_POINT_FAULTS;
  /** Up to how many times as late somebody who only looks around may do so: a machine that is busy wakes nobody in time. */
  idleStretch = 1;
  readonly random: () => number;
  readonly trace: Trace;
  readonly #steps = new TaskHeap<PlannedStep>();
  #current: SimulatedThread | null = null;
  #depth = 0;
  /** The step on the stack may be stopped or killed at its points. */
  #isOpen = false;

  constructor(random: () => number, trace: Trace) {
    this.random = random;
    this.trace = trace;
  }

  /** What `Date.now()` says: whole ms. */
  get wallMs(): number {
    return Math.floor(EPOCH_MS + this.nowMs + this.wallErrorMs);
  }

  /** The thread whose step runs now. */
  get currentThread(): SimulatedThread | null {
    return this.#current;
  }

  /** Plans a step. It is left out if its process is dead by then, and waits while that is frozen. */
  plan(thread: SimulatedThread | null, delayMs: number, label: string, run: () => void): PlannedStep {
    const step = new PlannedStep(this, thread, label, run);
    this.#steps.push(this.nowMs + Math.max(0, delayMs), step);
    return step;
  }

  /** How long somebody sleeps who would look around after `ms`. */
  idleMs(ms: number): number {
    return this.idleStretch === 1 ? ms : ms * (1 + this.random() * (this.idleStretch - 1));
  }

  /** Runs all steps that are due up to `untilMs`. */
  runUntil(untilMs: number): void {
    while (this.#steps.peekKey() <= untilMs) {
      this.nowMs = Math.max(this.nowMs, this.#steps.peekKey());
      const step = this.#steps.pop();
      if (step !== undefined && !step.isOver) this.#take(step, untilMs);
    }
    this.nowMs = Math.max(this.nowMs, untilMs);
  }

  /**
   * Runs a part of the current step that may be stopped or killed at each of its points. Not what a promise goes on
   * with: nobody would hear of it.
   */
  interruptible<Result>(work: () => Result): Result {
    this.#isOpen = this.#depth === 1;
    try {
      return work();
    } finally {
      this.#isOpen = false;
    }
  }

  /** A place in the product's code where it may be stopped or killed. */
  point(): void {
    this.nowMs += POINT_MS;
    const thread = this.#current;
    if (thread === null) return;
    if (!thread.process.isAlive && this.#isOpen) throw new Killed(thread.process.name);
    if (this.#depth !== 1 || !this.#isOpen) return;
    const { killShare, stopShare, drawStop } = this.pointFaults;
    if (killShare + stopShare === 0) return;
    const chance = this.random();
    if (chance < killShare) {
      this.trace.note(this.nowMs, thread.name, "killed at a point");
      thread.process.kill();
      throw new Killed(thread.process.name);
    }
    if (chance >= killShare + stopShare) return;
    const { forMs, freezes } = drawStop();
    if (freezes) thread.process.frozenUntilMs = this.nowMs + forMs;
    this.trace.note(
      this.nowMs,
      thread.name,
      `${freezes ? "frozen" : "stopped"} at a point for ${forMs.toFixed(1)} ms`,
    );
    this.sleep(forMs);
  }

  /** The current thread blocks: others go on meanwhile. */
  sleep(forMs: number): void {
    const thread = this.#current;
    if (thread === null || this.#depth !== 1 || !this.#isOpen) {
      this.nowMs += Math.max(forMs, INNER_SLEEP_MS);
      return;
    }
    this.runUntil(this.nowMs + forMs);
    // Frozen meanwhile: it goes on when its process does.
    while (thread.process.isAlive && thread.process.frozenUntilMs > this.nowMs) {
      this.runUntil(thread.process.frozenUntilMs);
    }
    this.#isOpen = true;
    if (!thread.process.isAlive) throw new Killed(thread.process.name);
  }

  #take(step: PlannedStep, untilMs: number): void {
    const { thread } = step;
    if (thread !== null) {
      const { process } = thread;
      if (!process.isAlive) return;
      const restsUntilMs = Math.max(process.frozenUntilMs, thread.stoppedUntilMs);
      if (thread.isOnStack || restsUntilMs > this.nowMs) {
        // A hair behind `untilMs`, when the step on the stack has gone on.
        const againMs = Math.max(restsUntilMs, thread.isOnStack ? untilMs + 0.001 : 0);
        this.#steps.push(againMs, step);
        return;
      }
    }
    this.trace.note(this.nowMs, thread?.name ?? "world", step.label);
    step.cancel();
    this.#run(step);
  }

  #run({ thread, run }: PlannedStep): void {
    const outer = this.#current;
    this.#isOpen = false;
    this.#current = thread;
    this.#depth++;
    if (thread !== null) {
      thread.isOnStack = true;
      thread.process.stepsOpen++;
    }
    try {
      run();
      // What the step's promises go on with belongs to the step.
      drainMicrotasks();
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
    } finally {
      if (thread !== null) {
        thread.isOnStack = false;
        thread.process.stepsOpen--;
        thread.process.cleanUp();
      }
      this.#depth--;
      this.#current = outer;
    }
  }
}
