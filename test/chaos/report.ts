import type { ChaosResult } from "./chaos-run.ts";

/** Of one claim; the rest is only counted. */
const DIFFERENCES_SHOWN = 12;
const SILENCES_SHOWN = 5;

/** Everything that differs, over all books. */
export function differencesOf({ books }: ChaosResult): string[] {
  return books.flatMap(({ claim, differences }) =>
    differences.map((difference) => `${claim}: ${difference}`),
  );
}

/** The result for people. */
export function describeResult(result: ChaosResult): string {
  const { books, faults, answers, silences, unexpectedEnds, lives, notTested } = result;
  const faultCount = [...faults.values()].reduce((sum, count) => sum + count, 0);
  const lines = [
    `faults   ${faultCount}: ${counted(faults)}`,
    `answers  ${counted(answers)}`,
    `replicas ${lives} starts, ${unexpectedEnds.length} ends of their own`,
    ...unexpectedEnds.map(({ replica, exit, lastLine }) => {
      return `         ${replica} ended ${exit.signal ?? exit.code}: ${lastLine.slice(0, 300)}`;
    }),
    ...silences.slice(0, SILENCES_SHOWN).map(({ fromMs, durationMs }) => {
      return `silence  nobody was answered 2xx from ${seconds(fromMs)} for ${seconds(durationMs)}`;
    }),
    "",
  ];
  for (const { rules, claim, compared, differences, note } of books) {
    const verdict = differences.length === 0 ? "ok" : `${differences.length} DIFFERENCES`;
    const remark = note === undefined ? "" : `  (${note})`;
    lines.push(`${rules.padEnd(9)} ${claim.padEnd(76)} ${String(compared).padStart(7)}  ${verdict}${remark}`);
    lines.push(...differences.slice(0, DIFFERENCES_SHOWN).map((difference) => `          ! ${difference}`));
    const hidden = differences.length - DIFFERENCES_SHOWN;
    if (hidden > 0) lines.push(`          ! and ${hidden} more`);
  }
  lines.push(...notTested.map((what) => `NOT TESTED: ${what}`));
  return lines.join("\n");
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;

function counted(counts: ReadonlyMap<string, number>): string {
  const names = [...counts.keys()].sort();
  return names.map((name) => `${name} × ${counts.get(name)}`).join(", ");
}
