import { join } from "node:path";
import type { MatchResult } from "../challenge/match.ts";
import { type Effort, type Family, repeat } from "./family.ts";
import { atMost, ratios } from "./figure.ts";
import { makeDirectory, PROJECT, removeDirectory } from "./processes.ts";

/** The challenge's load through nginx, beside three servers of the same framework that validate and store nothing. */
const QUICK_SECONDS = 8;

export const challenge: Family = {
  name: "challenge",
  about: "the challenge's load (scripts/rinha) beside three Elysias that validate and store nothing",
  seconds: 700,
  isOnDemand: true,
  run: async (effort) => {
    const rounds = await repeat(effort, async () => {
      const yardstick = await play(["--yardstick"], effort);
      const ours = await play([], effort);
      const broken = ours.lost + ours.chargedTwice + ours.inconsistencies.length;
      if (broken > 0) throw new Error(`the match broke ${broken} promises: play scripts/rinha`);
      return { ours: ours.score.p99Ms, yardstick: yardstick.score.p99Ms };
    });
    const ours = rounds.map((round) => round.ours);
    const three = rounds.map((round) => round.yardstick);
    return {
      figures: [
        {
          name: "the challenge's load, p99",
          unit: "ms",
          values: ours,
          yardstick: { name: "three Elysias that store nothing", values: three },
          goal: null,
          note: "550 users, nginx, 3 × 0.4 CPU and 80 MB; nothing lost, charged twice or counted wrong",
        },
        {
          name: "the challenge's load, p99, multiple of three Elysias'",
          unit: "×",
          values: ratios(ours, three),
          yardstick: null,
          goal: atMost(1.25),
          note: "",
        },
      ],
    };
  },
};

async function play(flags: readonly string[], { isQuick }: Effort): Promise<MatchResult> {
  const directory = makeDirectory();
  try {
    const json = join(directory, "match.json");
    const length = isQuick ? ["--seconds", String(QUICK_SECONDS)] : [];
    const command = [join(PROJECT, "scripts/rinha"), "--json", json, ...flags, ...length];
    const child = Bun.spawn(command, { cwd: PROJECT, env: process.env, stdout: "ignore", stderr: "pipe" });
    const errors = await new Response(child.stderr).text();
    await child.exited;
    const file = Bun.file(json);
    if (!(await file.exists())) throw new Error(`scripts/rinha failed: ${errors}`);
    return (await file.json()) as MatchResult; // scripts/rinha wrote it
  } finally {
    removeDirectory(directory);
  }
}
