import type { PaymentTask } from "./payment-task.ts";
import type { ProcessorLane } from "./processor-lane.ts";

/** A payment's way through one processor, from taking a place there to the end of its call. */
export interface Journey<T extends PaymentTask> {
  readonly task: T;
  readonly lane: ProcessorLane<T>;
  /** Number of the probe that this is, 0 for none. */
  readonly probe: number;
  readonly isQuestion: boolean;
  stage: "assigning" | "ready" | "calling";
  /** When the call began, ms. */
  startedMs: number;
  /** Purged while the call was out: its place is freed when the answer comes, nothing else happens. */
  isPurged: boolean;
  /** The same task, leased again after the lease was lost while this call was out: its turn comes when that ends. */
  successor: T | null;
}
