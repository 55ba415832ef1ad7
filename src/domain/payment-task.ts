import type { ProcessorName } from "./processor.ts";
import type { ProcessorSnapshot } from "./processor-lane.ts";

/** A payment of section A on its way to a processor, as the dispatcher holds it. */
export interface PaymentTask {
  readonly taskId: number;
  readonly amountCents: number;
  readonly acceptedAtMs: number;
  /** Calls made so far; counted up here when a call is handed out. */
  attempts: number;
  /**
   * As written down in the database: the only processor that may have seen the payment. Set to null here
   * after an outcome that is certainly "not processed"; writing that down too frees the payment for either
   * processor should this process die while it waits.
   */
  assigned: ProcessorName | null;
  /**
   * A call was (or may have been) made whose outcome is unknown: only `assigned` may be called from now on.
   */
  uncertain: boolean;
}

export type DispatchAction<T extends PaymentTask = PaymentTask> =
  | { readonly kind: "call"; readonly task: T; readonly processor: ProcessorName }
  | { readonly kind: "assign"; readonly task: T; readonly processor: ProcessorName };

export interface DispatcherSettings {
  readonly feeShares: Readonly<Record<ProcessorName, number>>;
  readonly maxHoldMs: number;
  readonly timeoutMs: number;
  /**
   * Calls in flight per processor and replica; default 256: three replicas stay under the processor's 800.
   */
  readonly inFlightMax?: number;
}

export interface DispatcherSnapshot {
  readonly processors: Readonly<Record<ProcessorName, ProcessorSnapshot>>;
  readonly waiting: number;
  readonly inFlight: number;
  /** Age of the oldest payment that waits, ms; 0 when none does. */
  readonly oldestWaitingMs: number;
  readonly intakePerSecond: number;
}
