import type { ProcessorName } from "../../src/domain/processor.ts";
import { type Segment, stateAt } from "./schedule.ts";
import { between } from "./seeded-random.ts";
import type { VirtualClock } from "./virtual-clock.ts";

/** What the caller sees of one call; `lost` is nothing at all until its own timeout. */
export type Answer = "recorded" | "already-recorded" | "failing" | "too-many" | "lost" | "reset";

const SERVED_AT_ONCE_MAX = 800;
const WAITING_MAX = 500;

interface Call {
  readonly paymentId: number;
  readonly answer: (answer: Answer) => void;
}

/**
 * A processor of the challenge: reads its delay when it begins a call and its failure switch after the delay,
 * is not stopped by a caller that hangs up, serves 800 at once, lets 500 wait and answers the rest 429.
 */
export class SimulatedProcessor {
  readonly name: ProcessorName;
  /** Payment → when it was recorded, ms. */
  readonly recordedAtMs = new Map<number, number>();
  lostAnswerShare: number;
  resetShare: number;
  calls = 0;
  servedAtOncePeak = 0;
  private schedule: readonly Segment[];
  private readonly clock: VirtualClock;
  private readonly random: () => number;
  private served = 0;
  private readonly queue: Call[] = [];

  constructor(
    name: ProcessorName,
    schedule: readonly Segment[],
    faults: { readonly lostAnswerShare: number; readonly resetShare: number },
    clock: VirtualClock,
    random: () => number,
  ) {
    this.name = name;
    this.schedule = schedule;
    this.lostAnswerShare = faults.lostAnswerShare;
    this.resetShare = faults.resetShare;
    this.clock = clock;
    this.random = random;
  }

  receive(paymentId: number, answer: (answer: Answer) => void): void {
    this.calls += 1;
    // A reset before anything was read: the caller cannot tell it from one after.
    const call = { paymentId, answer };
    if (this.random() < this.resetShare / 2) answer("reset");
    else if (this.served < SERVED_AT_ONCE_MAX) this.serve(call);
    else if (this.queue.length < WAITING_MAX) this.queue.push(call);
    else answer("too-many");
  }

  health(): { failing: boolean; minResponseTimeMs: number } {
    const state = stateAt(this.schedule, this.clock.nowMs);
    return { failing: state.failing, minResponseTimeMs: state.delayMs };
  }

  /** From now on quick and faultless. */
  heal(): void {
    this.schedule = [{ fromMs: 0, delayMs: 0, failing: false }];
    this.lostAnswerShare = 0;
    this.resetShare = 0;
  }

  private serve(call: Call): void {
    this.served += 1;
    this.servedAtOncePeak = Math.max(this.servedAtOncePeak, this.served);
    const workMs = between(this.random, 0.5, 2);
    this.clock.after(stateAt(this.schedule, this.clock.nowMs).delayMs + workMs, () => this.complete(call));
  }

  private complete(call: Call): void {
    this.served -= 1;
    const next = this.queue.shift();
    if (next !== undefined) this.serve(next);
    const answer = this.record(call.paymentId);
    if (this.random() < this.lostAnswerShare) call.answer("lost");
    else if (this.random() < this.resetShare / 2) call.answer("reset");
    else call.answer(answer);
  }

  private record(paymentId: number): Answer {
    if (stateAt(this.schedule, this.clock.nowMs).failing) return "failing";
    if (this.recordedAtMs.has(paymentId)) return "already-recorded";
    this.recordedAtMs.set(paymentId, this.clock.nowMs);
    return "recorded";
  }
}
