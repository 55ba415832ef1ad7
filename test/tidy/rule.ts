import type { SourceFile } from "./source-file.ts";

/**
 * Rules that one file keeps or breaks by itself. `find` gives one sentence per place: what is wrong there and what
 * to do; `samples` are files that break the rule, and `innocent` ones that look similar and do not.
 */
export interface Rule {
  readonly name: string;
  readonly find: (file: SourceFile) => readonly string[];
  readonly samples: readonly (readonly [path: string, text: string])[];
  readonly innocent: readonly (readonly [path: string, text: string])[];
}

export const isTypeScript = (path: string) => path.endsWith(".ts");

export function linesOf(text: string): number {
  return text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
}

/** One sentence per match, with its line. */
export function placesOf(text: string, pattern: RegExp, say: (found: string) => string): string[] {
  return [...text.matchAll(pattern)].map(
    (match) => `line ${linesOf(`${text.slice(0, match.index)}x`)}: ${say(match[0])}`,
  );
}
