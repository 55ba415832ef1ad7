import { excerptOf } from "../domain/answer-excerpt.ts";
import type { CallReport } from "../domain/attempt-outcome.ts";
import type { HttpResult } from "./http-result.ts";

/**
 * What people may see of a call later.
 * @param secrets as in `excerptOf`
 */
export function reportOf(
  result: HttpResult,
  {
    isLookup = false,
    secrets = [],
  }: { readonly isLookup?: boolean; readonly secrets?: readonly string[] } = {},
): CallReport {
  if (result.kind !== "answer") return { isLookup, status: null, excerpt: null };
  return { isLookup, status: result.status, excerpt: excerptOf(result.body, secrets) };
}
