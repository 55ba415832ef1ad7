import type { PaymentTask } from "./payment-task.ts";
import { otherProcessor, type ProcessorName } from "./processor.ts";
import type { ProcessorLane } from "./processor-lane.ts";
import type { Route } from "./routing.ts";

/**
 * Calls that are made to learn something, beside the charge: the probe of a processor whose breaker is not closed, and
 * the scout that goes to one that works and is passed over for being slow when it was last heard of. Both are
 * payments that would wait otherwise, or pay the dearer fee; what they risk is to be bound to a processor that hangs.
 */
export class ProcessorScouting<T extends PaymentTask> {
  private readonly lanes: Readonly<Record<ProcessorName, ProcessorLane<T>>>;
  private readonly cheaper: ProcessorName;
  private readonly timeoutMs: number;

  constructor(
    lanes: Readonly<Record<ProcessorName, ProcessorLane<T>>>,
    cheaper: ProcessorName,
    timeoutMs: number,
  ) {
    this.lanes = lanes;
    this.cheaper = cheaper;
    this.timeoutMs = timeoutMs;
  }

  /** The next probe may start; before the one before has been answered only where much hangs on it. */
  mayProbe(lane: ProcessorLane<T>, nowMs: number): boolean {
    const noneWorks = !this.lanes.default.isWorking && !this.lanes.fallback.isWorking;
    return lane.mayProbe(noneWorks || lane.name === this.cheaper, nowMs);
  }

  /**
   * A payment that is not bound may be the probe when this processor is wanted and would answer: the
   * dearer is not wanted while the cheaper takes everything, and a probe that hangs would bind the payment.
   */
  isWorthProbing(lane: ProcessorLane<T>, candidate: T, nowMs: number): boolean {
    const other = this.lanes[otherProcessor(lane.name)];
    const otherTakes = other.isWorking && other.hasRoom(nowMs);
    if (otherTakes && other.name === this.cheaper) return false;
    if (!otherTakes) return true;
    return candidate.taskId !== lane.lastProbeTaskId && lane.expectedLatencyMs(nowMs) < this.timeoutMs;
  }

  /**
   * Where a payment goes now and then in spite of `route`: the cheaper one whenever it is passed over, the dearer
   * one when the payment would wait or the cheaper one is slow, too.
   */
  laneToScout(route: Route, nowMs: number): ProcessorLane<T> | null {
    const { [this.cheaper]: cheaper, [otherProcessor(this.cheaper)]: dearer } = this.lanes;
    const chosen = route.kind === "go" ? this.lanes[route.processor] : null;
    if (chosen !== cheaper && cheaper.mayScout(nowMs)) return cheaper;
    const isSlow = chosen === null || chosen.isSlow(nowMs);
    return chosen !== dearer && isSlow && dearer.mayScout(nowMs) ? dearer : null;
  }
}
