import type { MatchResult } from "./match.ts";

/** The result for people. */
export function describeResult(result: MatchResult, isCharging: boolean): string {
  const { score, processed, requests, accepted, p50Ms, maxMs, usage } = result;
  const failures = Object.entries(result.failures).map(([reason, count]) => `${count} × ${reason}`);
  const lines = [
    `p99           ${ms(score.p99Ms)}   (p50 ${ms(p50Ms)}, slowest ${ms(maxMs)}, ${requests} requests)`,
    `failed        ${failures.length === 0 ? "0" : failures.join(", ")}`,
  ];
  if (isCharging) {
    const share = ((score.profit / result.bestProfit) * 100).toFixed(2);
    const drained =
      result.drainSeconds === null
        ? "did NOT end in time"
        : `ended ${result.drainSeconds.toFixed(1)} s later`;
    lines.unshift(
      `score         ${money(score.total)}${score.isDisqualified ? "   DISQUALIFIED: more processed than accepted" : ""}`,
      `profit        ${money(score.profit)}   (fine ${money(score.fine)}, bonus ${money(score.bonus)})`,
      `in hindsight  ${money(result.bestProfit)} was the most that was possible: ${share} % of it`,
      `accepted      ${accepted}   (default ${processed.default}, fallback ${processed.fallback})`,
      `lag           ${score.lag}   (${drained})`,
      `inconsistent  ${result.inconsistencies.length} of ${result.checks} checks`,
      `charged twice ${result.chargedTwice}`,
      `lost          ${result.lost}`,
    );
    lines.push(...result.inconsistencies.map((sentence) => `              ${sentence}`));
  }
  for (const { name, cpuSeconds, peakMegabytes, peakChargedMegabytes, memoryKills } of usage) {
    const charged =
      peakChargedMegabytes === null ? "" : `, of its limit ${peakChargedMegabytes.toFixed(1)} MB`;
    const killed = memoryKills === 0 ? "" : `, KILLED ${memoryKills} times for its memory`;
    const figures = `${cpuSeconds.toFixed(2).padStart(6)} s CPU, at most ${peakMegabytes.toFixed(1)} MB resident`;
    lines.push(`${name.padEnd(13)} ${figures}${charged}${killed}`);
  }
  return lines.join("\n");
}

const ms = (value: number) => `${value.toFixed(2)} ms`;
const money = (value: number) => value.toFixed(2);
