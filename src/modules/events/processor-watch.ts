import { PROCESSOR_NAMES, type ProcessorName } from "../../domain/processor.ts";
import type { EventHub } from "./event-hub.ts";

export const BREAKER_STATES = ["closed", "half-open", "open"] as const;
export type BreakerState = (typeof BREAKER_STATES)[number];

/** What is known of a processor now. */
export interface ProcessorCondition {
  readonly breaker: BreakerState;
  /** Null before its first health answer. */
  readonly failing: boolean | null;
  readonly minResponseTimeMs: number | null;
}

/** Dispatch writes it down every 100 ms. */
const LOOK_MS = 200;

/**
 * Tells when a processor's breaker or health changes. It looks at shared memory while somebody listens, and not
 * at all otherwise.
 */
export class ProcessorWatch {
  readonly #condition: (name: ProcessorName) => ProcessorCondition;
  readonly #known = new Map<ProcessorName, string>();
  #timer: Timer | null = null;

  constructor(condition: (name: ProcessorName) => ProcessorCondition) {
    this.#condition = condition;
  }

  start(hub: EventHub): void {
    this.#look(() => {});
    this.#timer ??= setInterval(() => {
      this.#look((processor, condition) => hub.publish("processor", { processor, ...condition }, Date.now()));
    }, LOOK_MS);
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  #look(onChange: (name: ProcessorName, condition: ProcessorCondition) => void): void {
    for (const name of PROCESSOR_NAMES) {
      const condition = this.#condition(name);
      const text = JSON.stringify(condition);
      if (this.#known.get(name) === text) continue;
      this.#known.set(name, text);
      onChange(name, condition);
    }
  }
}
