/**
 * One minute of chaos on the compiled executable: every fault of fault-table.ts on three replicas behind nginx, under a
 * load over all five sections, then all books compared (R1, R3, R5, R6, R9, R10, R11, R13, R20). `scripts/chaos`
 * does the same for as long as one wants.
 */
import { afterAll, expect, test } from "bun:test";
import { endRedisServers } from "../cluster/redis.ts";
import { endPrograms } from "../e2e/program.ts";
import { runChaos } from "./chaos-run.ts";
import { describeResult, differencesOf } from "./report.ts";

afterAll(async () => {
  await endPrograms();
  await endRedisServers();
});

const LOAD_MS = 60_000;
/** Start, load, the stated 90 s in which everything must end, and the comparison, on a machine that is busy. */
const TIMEOUT_MS = 300_000;

test(
  "a minute of faults: nothing acknowledged is lost, nothing is charged twice, all books agree",
  async () => {
    const { CHAOS_SEED: given } = process.env;
    const seed = given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given);
    if (!Number.isInteger(seed)) throw new Error(`CHAOS_SEED must be an integer, not ${given}`);
    console.log(
      `chaos: CHAOS_SEED=${seed} repeats these faults, and so does scripts/chaos --minutes 1 --seed ${seed}`,
    );
    const result = await runChaos({ seed, loadMs: LOAD_MS, print: console.log });
    console.log(describeResult(result));
    expect(differencesOf(result)).toEqual([]);
  },
  TIMEOUT_MS,
);
