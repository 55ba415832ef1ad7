import { Database } from "bun:sqlite";
import { cpSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { knownIdsPathOf, openKnownIds, startFillingKnownIds } from "../../src/store/known-ids.ts";
import { type Effort, type Family, repeat } from "./family.ts";
import { type GeneratedDirectory, generateDirectory } from "./generated-directory.ts";
import { DAY_MS, generatedId } from "./generated-payments.ts";
import { growthOutcome } from "./growth-outcome.ts";
import { load } from "./load.ts";
import { memoryMb } from "./process-figures.ts";
import {
  makeDirectory,
  type Running,
  removeDirectory,
  startBareServer,
  untilSettled,
  withGateway,
} from "./processes.ts";
import { randomWindow, summaryPath } from "./random-windows.ts";
import { bytesByTable } from "./table-sizes.ts";

/** What each figure is with so many payments stored. */
const SIZES = [0, 100_000, 1_000_000, 10_000_000] as const;
const QUICK_SIZES = [0, 2_000, 20_000, 200_000] as const;
const DAYS = 30;
const SEED = 7;
/** Larger ones are used round after round, with what the rounds add: 0.4 % each. Copying them would take longer. */
const COPIED_MAX = 1_000_000;
/** An empty database has to have something that can be asked for. */
const FIRST_PAYMENTS = 1_000;
const PATHS = 20_000;
/** There are many loads. */
const SECONDS_MAX = 3;
const READERS = 8;
const WRITERS = 64;
const FILL_MS_MAX = 600_000;

export interface GrowthRound {
  readonly readyMs: number;
  readonly acceptsPerSecond: number;
  readonly summariesPerSecond: number;
  readonly summaryP99Ms: number;
  readonly getsPerSecond: number;
  readonly getP99Ms: number;
  readonly peakMb: number;
}

/** A database of one size. */
export interface GrownDatabase {
  readonly count: number;
  /** Null for the empty one. */
  readonly generated: GeneratedDirectory | null;
  readonly bytesByTable: Readonly<Record<string, number>>;
  readonly rounds: GrowthRound[];
}

export interface BareRound {
  readonly acceptsPerSecond: number;
  readonly getsPerSecond: number;
  readonly getP99Ms: number;
}

interface Source {
  readonly directory: string;
  readonly paths: { readonly summaries: string; readonly payments: string };
  readonly database: GrownDatabase;
}

export const growth: Family = {
  name: "growth",
  about: "what accepts, reads, start and memory cost with 0 to 10 million payments stored",
  seconds: 540,
  run: async (given) => {
    const effort = { ...given, seconds: Math.min(given.seconds, SECONDS_MAX) };
    const directory = makeDirectory();
    try {
      const sources: Source[] = [];
      for (const count of effort.isQuick ? QUICK_SIZES : SIZES) {
        sources.push(prepare(directory, count, effort));
        if (count > 0) await fillKnownIds(join(directory, `payments-${count}`), effort);
      }
      const bare = await repeat(effort, async () => {
        // In turn, so that whatever else the machine does meets all sizes.
        const yardstick = await measureBare(effort, sources[0]);
        for (const source of sources) source.database.rounds.push(await measure(source, effort));
        return yardstick;
      });
      return growthOutcome(
        sources.map(({ database }) => database),
        bare,
      );
    } finally {
      removeDirectory(directory);
    }
  },
};

function prepare(parent: string, count: number, { say }: Effort): Source {
  const directory = join(parent, `payments-${count}`);
  const lastAtMs = Date.now();
  say(`making ${count.toLocaleString("en-US")} payments`);
  const generated =
    count === 0 ? null : generateDirectory(directory, { count, seed: SEED, days: DAYS, lastAtMs });
  const firstAtMs = generated?.firstAtMs ?? lastAtMs - DAYS * DAY_MS;
  const write = (name: string, lines: readonly string[]) => {
    const file = join(parent, `${name}-${count}.txt`);
    writeFileSync(file, `${lines.join("\n")}\n`);
    return file;
  };
  const many = <T>(make: () => T) => Array.from({ length: PATHS }, make);
  const known = count === 0 ? FIRST_PAYMENTS : count;
  return {
    directory,
    paths: {
      summaries: write(
        "summaries",
        many(() => summaryPath(randomWindow(firstAtMs, DAYS, Math.random))),
      ),
      payments: write(
        "payments",
        many(() => `/payments/${generatedId(SEED, Math.floor(Math.random() * known))}`),
      ),
    },
    database: {
      count,
      generated,
      bytesByTable: generated === null ? {} : bytesByTable(join(directory, "catraca.db")),
      rounds: [],
    },
  };
}

/**
 * What a gateway does by the way in the first minute after a boot, for all that is stored. A round is shorter, and the
 * next one would begin anew.
 */
async function fillKnownIds(directory: string, { say }: Effort): Promise<void> {
  const databaseFile = join(directory, "catraca.db");
  const sqlite = new Database(databaseFile);
  try {
    sqlite.run("BEGIN IMMEDIATE");
    const filter = openKnownIds(sqlite, knownIdsPathOf(databaseFile));
    sqlite.run("COMMIT");
    if (filter === null) return;
    say("filling the filter of known ids");
    const stop = startFillingKnownIds(databaseFile);
    const deadline = performance.now() + FILL_MS_MAX;
    while (!filter.isComplete && performance.now() < deadline) await Bun.sleep(50);
    stop();
    if (!filter.isComplete) throw new Error("the filter of known ids is not complete after ten minutes");
  } finally {
    sqlite.close();
  }
}

async function measureBare({ seconds }: Effort, source: Source | undefined): Promise<BareRound> {
  const bare = await startBareServer();
  try {
    const pathsFile = source?.paths.summaries ?? "";
    const gets = await load({ url: bare.url, connections: READERS, seconds, pathsFile });
    const accepts = await load({ url: `${bare.url}/payments`, connections: WRITERS, seconds });
    return { acceptsPerSecond: accepts.perSecond, getsPerSecond: gets.perSecond, getP99Ms: gets.p99Ms };
  } finally {
    await bare.stop();
  }
}

async function measure({ directory, paths, database }: Source, effort: Effort): Promise<GrowthRound> {
  const isCopied = database.count <= COPIED_MAX;
  const dataDir = isCopied ? `${directory}-copy` : directory;
  if (isCopied && database.count > 0) cpSync(directory, dataDir, { recursive: true });
  try {
    return await withGateway((gateway) => measureGateway(gateway, paths, database.count, effort), {
      DATA_DIR: dataDir,
    });
  } finally {
    if (isCopied) rmSync(dataDir, { recursive: true, force: true });
  }
}

async function measureGateway(
  { url, pid, readyMs }: Running,
  paths: Source["paths"],
  count: number,
  { seconds }: Effort,
): Promise<GrowthRound> {
  if (count === 0) await postFirst(url);
  const read = async (pathsFile: string) => {
    const result = await load({ url, connections: READERS, seconds, pathsFile });
    if (result.other > 0) throw new Error(`${result.other} reads were not answered 200`);
    return result;
  };
  const summaries = await read(paths.summaries);
  const gets = await read(paths.payments);
  const accepts = await load({ url: `${url}/payments`, connections: WRITERS, seconds });
  const stored = count === 0 ? FIRST_PAYMENTS : count;
  if ((await untilSettled(url, stored + accepts.accepted, 120)) === null)
    throw new Error("not all were settled");
  return {
    readyMs,
    acceptsPerSecond: accepts.perSecond,
    summariesPerSecond: summaries.perSecond,
    summaryP99Ms: summaries.p99Ms,
    getsPerSecond: gets.perSecond,
    getP99Ms: gets.p99Ms,
    peakMb: memoryMb(pid).peak,
  };
}

async function postFirst(url: string): Promise<void> {
  for (let index = 0; index < FIRST_PAYMENTS; index++) {
    const response = await fetch(`${url}/payments`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: `{"correlationId":"${generatedId(SEED, index)}","amount":19.90}`,
    });
    if (response.status !== 202) throw new Error(`a first payment was answered ${response.status}`);
  }
  await untilSettled(url, FIRST_PAYMENTS, 60);
}
