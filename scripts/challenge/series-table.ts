import type { MatchResult } from "./match.ts";
import type { Plan } from "./plan.ts";

/** One match of a series. */
export interface PlayedMatch {
  readonly seed: number;
  readonly plan: Pick<Plan, "description" | "users" | "seconds">;
  readonly isKilled: boolean;
  readonly result: MatchResult;
}

/** What a series came to: sums that must be nothing, and the share of what was possible in hindsight. */
export function describeSeries(matches: readonly PlayedMatch[]): string {
  const sum = (of: (result: MatchResult) => number) =>
    matches.reduce((total, { result }) => total + of(result), 0);
  const shares = matches.map(({ result }) => shareOf(result));
  const killed = matches.filter(({ isKilled }) => isKilled).length;
  const unasked = matches
    .filter(({ isKilled }) => !isKilled)
    .reduce((total, { result }) => total + failedIn(result), 0);
  return [
    `${matches.length} schedules, ${killed} of them with a replica killed for two seconds; ${sum(({ accepted }) => accepted).toLocaleString("en-US")} payments accepted.`,
    `Profit: ${percent(sum((result) => shareOf(result)) / matches.length)} of what was possible in hindsight on average, ${percent(Math.min(...shares))} at worst.`,
    `Failed requests: ${unasked} where no replica was killed, ${sum(failedIn) - unasked} where one was.`,
    `Lag ${sum(({ score }) => score.lag)}, inconsistencies ${sum(({ inconsistencies }) => inconsistencies.length)} in ${sum(({ checks }) => checks)} checks, charged twice ${sum(({ chargedTwice }) => chargedTwice)}, lost ${sum(({ lost }) => lost)}, killed for memory ${sum(memoryKillsIn)}.`,
  ].join("\n");
}

/** The series as a table in Markdown. */
export function seriesTable(matches: readonly PlayedMatch[]): string {
  const rows = matches.map(({ seed, plan, isKilled, result }) =>
    [
      `${seed}${isKilled ? ", a replica killed" : ""}`,
      kindOf(plan.description),
      plan.users,
      plan.seconds,
      result.accepted.toLocaleString("en-US"),
      percent(shareOf(result)),
      `${result.score.p99Ms.toFixed(1)} ms`,
      failedIn(result),
      result.score.lag,
      `${result.inconsistencies.length} of ${result.checks}`,
      result.chargedTwice,
      result.lost,
    ].join(" | "),
  );
  return [
    "| seed | schedule | users | seconds | accepted | profit, of what was possible | p99 | failed | lag | inconsistent | charged twice | lost |",
    "| --- | --- | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |",
    ...rows.map((row) => `| ${row} |`),
  ].join("\n");
}

/** Of the profit that was possible in hindsight; all of it where none was possible. */
function shareOf({ score, bestProfit }: MatchResult): number {
  return bestProfit === 0 ? 1 : score.profit / bestProfit;
}

function failedIn({ failures }: MatchResult): number {
  return Object.values(failures).reduce((sum, count) => sum + count, 0);
}

function memoryKillsIn({ usage }: MatchResult): number {
  return usage.reduce((sum, { memoryKills }) => sum + memoryKills, 0);
}

/** The quoted name in a plan's description. */
function kindOf(description: string): string {
  return /"([^"]+)"/.exec(description)?.[1] ?? description;
}

const percent = (share: number): string => `${(share * 100).toFixed(2)} %`;
