import { ledgerDifferences } from "../e2e/ledger.ts";
import { runProgram } from "../e2e/program.ts";
import { type BookEntry, Comparison } from "./book.ts";
import type { ChaosSet } from "./chaos-set.ts";

/** Often enough to see a state that lasts for one commit only by luck, seldom enough to cost nothing. */
const WATCH_PAUSE_MS = 1_000;

/** Audits the ledger in snapshots while everything goes on: it must be sound at every commit. */
export class LedgerWatch {
  readonly #database: string;
  readonly #differences = new Set<string>();
  #audits = 0;
  #isRunning = true;
  readonly #done: Promise<void>;

  constructor(database: string) {
    this.#database = database;
    this.#done = this.#run();
  }

  async stop(): Promise<BookEntry> {
    this.#isRunning = false;
    await this.#done;
    const watched = new Comparison("R9", "the ledger sums to zero at every commit, no limit is passed");
    watched.add(this.#audits, [...this.#differences]);
    return watched.entry();
  }

  async #run(): Promise<void> {
    while (this.#isRunning) {
      try {
        for (const found of ledgerDifferences(this.#database)) this.#differences.add(JSON.stringify(found));
        this.#audits++;
      } catch {
        // A full disk lets nobody open the database; the next look will.
      }
      await Bun.sleep(WATCH_PAUSE_MS);
    }
  }
}

/** `catraca audit`, as an operator runs it. */
export async function runAudit(set: ChaosSet): Promise<BookEntry> {
  const { default: one, fallback: other } = set.upstreams.processors;
  const flags = ["--database-file", set.databaseFile, "--processor-token", "123"];
  const { code, output } = await runProgram([
    "audit",
    ...flags,
    "--payment-processor-default",
    one.url,
    "--payment-processor-fallback",
    other.url,
  ]);
  const audit = new Comparison("R3 R6 R9", "catraca audit exits 0");
  audit.expect(code === 0, () => `it exited ${code}: ${output.slice(0, 2_000)}`);
  return audit.entry();
}
