/**
 * The candidate a person most likely meant, or undefined when none is near.
 * A candidate that begins with what was typed (or the other way round) counts as near; otherwise at most a
 * third of the letters may be wrong.
 */
export function closest(typed: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const shared = candidate.startsWith(typed) || typed.startsWith(candidate);
    const distance = editDistance(typed, candidate);
    const near = shared || distance <= Math.max(2, Math.floor(candidate.length / 3));
    if (near && distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** ` Did you mean …?`, or nothing when no candidate is near; made to be appended to a sentence. */
export function suggestion(typed: string, candidates: readonly string[]): string {
  const best = closest(typed, candidates);
  return best === undefined ? "" : ` Did you mean ${best}?`;
}

/** Levenshtein's distance, one row of the matrix at a time. */
function editDistance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (const [leftIndex, leftLetter] of [...left].entries()) {
    const next = [leftIndex + 1];
    for (const [rightIndex, rightLetter] of [...right].entries()) {
      const replaced = (row[rightIndex] ?? 0) + (leftLetter === rightLetter ? 0 : 1);
      const removed = (row[rightIndex + 1] ?? 0) + 1;
      const added = (next[rightIndex] ?? 0) + 1;
      next.push(Math.min(replaced, removed, added));
    }
    row = next;
  }
  return row[right.length] ?? 0;
}
