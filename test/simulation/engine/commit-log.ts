import type { OpenDatabase } from "../../../src/store/database.ts";
import type { VirtualWorld } from "./virtual-world.ts";

/** Every transaction that does work moves the replica's row, too; one that only renews a lease does nothing else. */
const ROWS_OF_RENEWAL = 1;

/** Some MiB of the WAL, after which src/store/checkpointer.ts does the same. */
const COMMITS_PER_CHECKPOINT = 500;

/**
 * Counts the transactions of a run, whoever commits them: between two of them the database says the same to
 * everybody, so whoever has looked need not look again.
 */
export class CommitLog {
  /** Those that did more than to renew a lease. */
  ofWork = 0;
  #count = 0;
  readonly #watchers = new Set<() => void>();
  readonly #checkpoint: () => void;

  /** @param checkpoint moves what is committed into the database file */
  constructor(checkpoint: () => void) {
    this.#checkpoint = checkpoint;
  }

  /** Calls `hear` after the next transaction that does work. */
  onNext(hear: () => void): void {
    this.#watchers.add(hear);
  }

  /**
   * A thread may be stopped or killed between BEGIN, the work and COMMIT, and behind it.
   * @param heard hears of this connection's transactions that did work, before anybody else can commit
   */
  watch({ sqlite }: OpenDatabase, world: VirtualWorld, heard: () => void): void {
    const run = sqlite.run.bind(sqlite);
    const changes = sqlite.prepare<{ n: number }, []>("SELECT total_changes() AS n");
    let changesBefore = 0;
    sqlite.run = (...parameters: Parameters<typeof run>) => {
      world.point();
      const result = run(...parameters);
      if (parameters[0] === "COMMIT") {
        const changesNow = changes.get()?.n ?? 0;
        if (changesNow - changesBefore > ROWS_OF_RENEWAL) {
          heard();
          this.#worked();
        }
        changesBefore = changesNow;
        if (++this.#count % COMMITS_PER_CHECKPOINT === 0) this.#checkpoint();
      }
      world.point();
      return result;
    };
  }

  #worked(): void {
    this.ofWork++;
    const watchers = [...this.#watchers];
    this.#watchers.clear();
    for (const hear of watchers) hear();
  }
}
