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
