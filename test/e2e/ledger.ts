/** Looks at the ledger in the gateway's database file, in snapshots, while the gateway works on it. */
import { auditLedger, type LedgerDifference } from "../../src/modules/ledger/audit.ts";
import { openReader } from "../../src/store/database.ts";

/** Everything that is wrong with the ledger at this moment. */
export function ledgerDifferences(databaseFile: string): LedgerDifference[] {
  const database = openReader(databaseFile);
  try {
    return auditLedger(database);
  } finally {
    database.sqlite.close();
  }
}

/** Audits without end until it is stopped; every difference that was ever seen is kept. */
export class LedgerWatch {
  readonly differences: LedgerDifference[] = [];
  audits = 0;
  #isRunning = true;
  readonly #done: Promise<void>;

  constructor(databaseFile: string, pauseMs = 40) {
    this.#done = this.#run(databaseFile, pauseMs);
  }

  async stop(): Promise<void> {
    this.#isRunning = false;
    await this.#done;
  }

  async #run(databaseFile: string, pauseMs: number): Promise<void> {
    while (this.#isRunning) {
      this.differences.push(...ledgerDifferences(databaseFile));
      this.audits++;
      await Bun.sleep(pauseMs);
    }
  }
}
