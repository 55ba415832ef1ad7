/**
 * The two payment processors of section A. `default` is meant to be the cheaper one, but only the
 * configured fees decide which one is.
 */
export const PROCESSOR_NAMES = ["default", "fallback"] as const;
export type ProcessorName = (typeof PROCESSOR_NAMES)[number];

/** The processor that is not `name`. */
export function otherProcessor(name: ProcessorName): ProcessorName {
  return name === "default" ? "fallback" : "default";
}

/** A processor that claims to be slower than this has made a mistake. */
const RESPONSE_TIME_MAX_MS = 3_600_000;

/** Whether a processor may claim to take so long: infinity (1e309 in JSON) would spoil every mean that it enters. */
export function isResponseTimeMs(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= RESPONSE_TIME_MAX_MS;
}
