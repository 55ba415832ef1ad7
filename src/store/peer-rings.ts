import { ne } from "drizzle-orm";
import { attachRingFile } from "../ring/ring-file.ts";
import type { RingMemory } from "../ring/ring-memory.ts";
import type { OpenDatabase } from "./database.ts";
import { replicas } from "./tables.ts";

/**
 * The intake logs of the other replicas that share the database, read-only: what one of them has acknowledged
 * may not be in the database yet when it is asked for here.
 */
export class PeerRings {
  readonly #rows;
  readonly #ringPathOf: (replicaName: string) => string;
  readonly #attached = new Map<string, RingMemory>();

  constructor({ orm }: OpenDatabase, ownName: string, ringPathOf: (replicaName: string) => string) {
    this.#ringPathOf = ringPathOf;
    this.#rows = orm
      .select({ name: replicas.name, ringGeneration: replicas.ringGeneration })
      .from(replicas)
      .where(ne(replicas.name, ownName))
      .prepare();
  }

  /** Says later whether all that is acknowledged now, by any other replica, has been taken in. */
  mark(): () => boolean {
    const marks = this.#rows.all().flatMap(({ name, ringGeneration }) => {
      const memory = this.#memoryOf(name, ringGeneration);
      return memory === null ? [] : [{ memory, head: memory.loadHead() }];
    });
    // Signed distance: positions wrap at 2^32.
    return () => marks.every(({ memory, head }) => ((memory.loadTail() - head) | 0) >= 0);
  }

  #memoryOf(name: string, generation: string): RingMemory | null {
    const known = this.#attached.get(name);
    if (known !== undefined && known.generation === generation) return known;
    const attached = attachRingFile(this.#ringPathOf(name));
    // A replica that is long gone, or is only starting.
    if (attached.kind === "refused" || attached.memory.generation !== generation) return null;
    this.#attached.set(name, attached.memory);
    return attached.memory;
  }
}
