/**
 * What the scripts around the counters answer, looked at as what it is: data of another process, whose keys others
 * may have written to. What makes no sense is no answer, and the database's rollup speaks instead.
 */
import type { RollupRange } from "../domain/rollup.ts";
import type { ApplyResult, CountedWindow } from "./counter-store.ts";

/** Numbers of a range: level, first, last. */
const RANGE_NUMBERS = 3;

/** A whole number of 0 or more as Redis writes it; null for anything else. */
export function wholeOf(text: unknown): number | null {
  const number = typeof text === "string" && /^\d{1,16}$/.test(text) ? Number(text) : null;
  return number !== null && Number.isSafeInteger(number) ? number : null;
}

/** Reads the answer of QUERY; null if there are no counters, or it is no answer to a question about `ranges`. */
export function readCountedWindow(answer: unknown, ranges: readonly RollupRange[]): CountedWindow | null {
  if (!Array.isArray(answer)) return null;
  const [epoch, applied, ...numbers]: readonly unknown[] = answer;
  const appliedSeq = wholeOf(applied);
  const [defaultCount, defaultCents, fallbackCount, fallbackCents] = numbers.slice(0, 4).map(wholeOf);
  if (typeof epoch !== "string" || appliedSeq === null) return null;
  if (!isWhole(defaultCount) || !isWhole(defaultCents)) return null;
  if (!isWhole(fallbackCount) || !isWhole(fallbackCents)) return null;
  const missing = readMissing(numbers.slice(4), ranges);
  if (missing === null) return null;
  return { epoch, appliedSeq, sums: { defaultCount, defaultCents, fallbackCount, fallbackCents }, missing };
}

/**
 * Reads the answer of APPLY.
 * @throws Error if it is none: what Redis has is asked again
 */
export function readApplied(answer: unknown): ApplyResult {
  const [kind, seq]: readonly unknown[] = Array.isArray(answer) ? answer : [];
  if (kind === "epoch") return { kind: "other_epoch" };
  const applied = wholeOf(seq);
  if (kind === "applied" && applied !== null) return { kind, seq: applied };
  throw new Error("Redis answered with something else than the counters' state");
}

/** Parts of the asked ranges, each asked part at most once: anything else would be counted twice or not at all. */
function readMissing(texts: readonly unknown[], ranges: readonly RollupRange[]): RollupRange[] | null {
  if (texts.length > ranges.length * RANGE_NUMBERS || texts.length % RANGE_NUMBERS !== 0) return null;
  const missing: RollupRange[] = [];
  const open = [...ranges];
  for (let at = 0; at < texts.length; at += RANGE_NUMBERS) {
    const [level, first, last] = texts.slice(at, at + RANGE_NUMBERS).map(signedOf);
    const place = open.findIndex((range) => range.level === level && range.first === first);
    const [asked] = place < 0 ? [] : open.splice(place, 1);
    if (!isWhole(last) || asked === undefined || last < asked.first || last > asked.last) return null;
    missing.push({ ...asked, last });
  }
  return missing;
}

/** A whole number that may be below 0: buckets before 1970 are. */
function signedOf(text: unknown): number | null {
  const number = typeof text === "string" && /^-?\d{1,16}$/.test(text) ? Number(text) : null;
  return number !== null && Number.isSafeInteger(number) ? number + 0 : null;
}

function isWhole(value: number | null | undefined): value is number {
  return value !== null && value !== undefined;
}
