import { otherProcessor, type ProcessorName } from "../../src/domain/processor.ts";

/**
 * What must hold in every run, checked at the moment at which it could be broken. The watch knows what really
 * happened over all replicas and restarts; nothing of it is told to the code under test.
 */
export class InvariantWatch {
  readonly violations: string[] = [];
  /** Per payment and processor: calls of which nobody has heard that they were certainly not recorded. */
  private readonly exposure = { default: new Map<number, number>(), fallback: new Map<number, number>() };

  callStarts(paymentId: number, processor: ProcessorName, writtenDown: ProcessorName | null): void {
    if (writtenDown !== processor)
      this.violated(`payment ${paymentId} called at ${processor}, not written down`);
    if ((this.exposure[otherProcessor(processor)].get(paymentId) ?? 0) > 0) {
      this.violated(`payment ${paymentId} called at ${processor} while the other may have it`);
    }
    const calls = this.exposure[processor];
    calls.set(paymentId, (calls.get(paymentId) ?? 0) + 1);
  }

  /** The caller learned that this call was certainly not recorded. */
  callCameToNothing(paymentId: number, processor: ProcessorName): void {
    const calls = this.exposure[processor];
    calls.set(paymentId, (calls.get(paymentId) ?? 0) - 1);
  }

  expect(holds: boolean, message: () => string): void {
    if (!holds) this.violated(message());
  }

  private violated(message: string): void {
    if (this.violations.length < 20) this.violations.push(message);
  }
}
