/** The command line of scripts/chaos. */
import { parseArgs } from "node:util";
import { endRedisServers } from "../cluster/redis.ts";
import { endPrograms } from "../e2e/program.ts";
import { runChaos } from "./chaos-run.ts";
import { FAULTS, TRACKS } from "./fault-table.ts";
import { describeResult, differencesOf } from "./report.ts";

const HELP = `Breaks things under three replicas of the compiled executable, and compares the books afterwards.

  scripts/chaos                          10 minutes, a new seed
  scripts/chaos --minutes 60 --seed 7    the plan of seed 7; a longer one begins with the shorter one
  scripts/chaos --logs somewhere         writes what replicas and nginx logged into that directory
  scripts/chaos --faults                 every fault that may happen, with its ranges

nginx with the project's nginx.conf, three replicas on one data directory, Redis, two processors, a card gateway and a
payment gateway run as real processes. Clients work on all five sections and remember what they were told. When
the faults are over, everything must end within a stated time, and all books must agree.

Exit code: 0 all books agree, 1 a difference, 2 wrong arguments. CATRACA_BINARY names another executable than
dist/catraca. As root on Linux with a C compiler all faults can be made; what cannot be is said (NOT TESTED).
`;

/** A day: the processors' books and the clients' memory grow with the load. */
const MINUTES_MAX = 1_440;

async function main(): Promise<number> {
  const options = readOptions();
  if (typeof options === "number") return options;
  const { minutes, seed, logsTo } = options;
  const replay = `scripts/chaos --minutes ${minutes} --seed ${seed}`;
  console.log(`seed ${seed}: "${replay}" repeats these faults`);
  const loadMs = Math.round(minutes * 60_000);
  const result = await runChaos({ seed, loadMs, print: console.log, logsTo });
  await endPrograms();
  await endRedisServers();
  console.log(`\n${describeResult(result)}\n`);
  const count = differencesOf(result).length;
  console.log(
    count === 0 ? `the books agree (${replay})` : `${count} DIFFERENCES; the same faults again: ${replay}`,
  );
  return count === 0 ? 0 : 1;
}

interface Options {
  readonly minutes: number;
  readonly seed: number;
  readonly logsTo: string | undefined;
}

/** @returns an exit code if there is nothing to run */
function readOptions(): Options | number {
  try {
    const { values } = parseArgs({
      options: {
        minutes: { type: "string", default: "10" },
        seed: { type: "string" },
        logs: { type: "string" },
        faults: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    });
    if (values.help === true || values.faults === true) {
      console.log(values.help === true ? HELP : describeFaults());
      return 0;
    }
    const minutes = Number(values.minutes);
    const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
    if (!(minutes > 0 && minutes <= MINUTES_MAX))
      throw new Error(`--minutes: expected a number up to ${MINUTES_MAX}`);
    if (!Number.isSafeInteger(seed) || seed < 0) throw new Error("--seed: expected a whole number from 0");
    return { minutes, seed, logsTo: values.logs };
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    return 2;
  }
}

function describeFaults(): string {
  return TRACKS.flatMap((track) => [
    `${track}: a fault, then ${FAULTS[track].gapMs.join(" to ")} ms without`,
    ...FAULTS[track].kinds.map(({ name, durationMs, strength, meaning }) => {
      const ranges = [`${durationMs.join("–")} ms`];
      if (strength !== undefined) ranges.push(`${strength.range.join("–")} ${strength.unit}`);
      return `  ${name.padEnd(14)} ${meaning} (${ranges.join(", ")})`;
    }),
  ]).join("\n");
}

process.exit(await main());
