import type { ProcessorName } from "../domain/processor.ts";
import { type ProcessorOptions, ProcessorSimulator } from "./processor-api.ts";

/** Settings of both built-in processors; what is not given is as published. */
export interface BuiltInProcessorsOptions extends Omit<ProcessorOptions, "fee"> {
  /** Share that `default` charges (default 0.05). */
  readonly feeDefault?: number;
  /** Share that `fallback` charges (default 0.15). */
  readonly feeFallback?: number;
}

export type BuiltInProcessors = Readonly<Record<ProcessorName, ProcessorSimulator>>;

/**
 * Makes the two processors of section A, each with a book, a token and switches of its own.
 *
 * @example
 * const processors = createBuiltInProcessors();
 * Bun.serve({ idleTimeout: 0, fetch: (request) => processors.default.handle(request, requestPath(request.url)) });
 */
export function createBuiltInProcessors(options: BuiltInProcessorsOptions = {}): BuiltInProcessors {
  const { feeDefault = 0.05, feeFallback = 0.15, ...common } = options;
  return {
    default: new ProcessorSimulator({ ...common, fee: feeDefault }),
    fallback: new ProcessorSimulator({ ...common, fee: feeFallback }),
  };
}
