import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { startCompose } from "./compose-deployment.ts";
import type { Deployment } from "./deployment.ts";
import { type MatchResult, playMatch } from "./match.ts";
import { type Options, readOptions, USAGE } from "./options.ts";
import { makePlan, type Plan } from "./plan.ts";
import { startProcesses } from "./process-deployment.ts";
import { ProcessorPair } from "./processor-pair.ts";
import { describeResult } from "./report.ts";

/** `scripts/rinha`: starts what is to be tested, plays, prints, stops. */
const KILLED_FOR_MS = 2_000;
const YARDSTICK = {
  replicaCommand: [process.execPath, join(import.meta.dir, "yardstick-server.ts")],
  readyPath: "/healthcheck",
};

const options = parse();
const plan = makePlan(options.wishes);
const deployment = await deploy(options, plan);
// One that is broken off leaves nothing running.
for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.on(signal, () => void Promise.resolve(deployment?.close()).finally(() => process.exit(2)));
}
let result: MatchResult;
try {
  console.log(
    `${deployment?.description ?? options.target}; machine: ${cpus().length} CPUs, load ${loadavg()[0]?.toFixed(1)}`,
  );
  console.log(`${plan.description}: ${plan.users} users in ${plan.seconds} s\n`);
  result = await playMatch({
    url: deployment?.url ?? options.target,
    processors: new ProcessorPair(deployment?.processorUrls ?? options.processorUrls),
    plan,
    usage: () => deployment?.usage() ?? [],
    atHalf: () => interrupt(options, deployment),
    isCharging: !options.yardstick,
  });
} finally {
  await deployment?.close();
}
console.log(describeResult(result, !options.yardstick));
if (options.json !== null) await Bun.write(options.json, JSON.stringify(result, null, 2));
process.exit(result.lost + result.chargedTwice + result.inconsistencies.length > 0 ? 1 : 0);

function parse(): Options {
  try {
    const given = readOptions(process.argv.slice(2));
    if (given !== null) return given;
    console.log(USAGE);
    process.exit(0);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(2);
  }
}

async function deploy(
  { mode, yardstick, redis, ports, build }: Options,
  { feeShares }: Plan,
): Promise<Deployment | null> {
  const variables = {
    PROCESSOR_FEE_DEFAULT: String(feeShares.default),
    PROCESSOR_FEE_FALLBACK: String(feeShares.fallback),
  };
  switch (mode) {
    case "target":
      return null;
    case "compose":
      return startCompose({ variables, build });
    case "processes":
      return startProcesses({
        variables,
        ports,
        settings: redis ? {} : { REDIS_URL: "" },
        ...(yardstick ? YARDSTICK : {}),
      });
  }
}

/** Kills one replica for two seconds, if that was asked for. */
async function interrupt(given: Options, running: Deployment | null): Promise<void> {
  if (!given.killReplica) return;
  const replica = running?.replicas[0];
  const run = (command: string | null) => Bun.spawn(["/bin/sh", "-c", command ?? "false"]).exited;
  if (given.killCommand !== null) await run(given.killCommand);
  else if (replica !== undefined) await running?.kill(replica);
  await Bun.sleep(KILLED_FOR_MS);
  if (given.startCommand !== null) await run(given.startCommand);
  else if (replica !== undefined) await running?.startReplica(replica);
}
