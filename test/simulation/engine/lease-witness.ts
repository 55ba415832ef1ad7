import type { TaskCallOutcome } from "../../../src/engine/batch-effects.ts";
import type { EngineMemory } from "../../../src/engine/engine-memory.ts";
import { FRAME_KINDS, readAttempt, readJson, readTaskMark } from "../../../src/ring/frames.ts";
import { attachSharedRing, type RingMemory } from "../../../src/ring/ring-memory.ts";
import { RingProducer } from "../../../src/ring/ring-producer.ts";
import type { OpenDatabase } from "../../../src/store/database.ts";
import type { VirtualWorld } from "./virtual-world.ts";

/** A row of `tasks`, and the purges so far. */
interface TaskRow {
  readonly id: number;
  readonly kind: number;
  readonly attempts: number;
  readonly upstream: number;
  readonly owner: number | null;
}

/** A frame of the ring from dispatch to store. */
interface Heard {
  readonly taskId: number;
  /** When the call began, or the frame was written if it is about no call. */
  readonly sinceMs: number;
  /** Behind it, in the ring. */
  readonly position: number;
}

const PAYMENT = 1;

/**
 * R17, R3: a task belongs to who has leased it, from that very commit on.
 *
 *   who has not leased it changes nothing of it            after a take-over: the new owner alone
 *   what was heard of it before it was leased changes      a call under an earlier lease says nothing of what others
 *   nothing of it                                          have done with the task since
 *
 * It looks at the rows that each transaction leaves and at the frames that each turn of a store thread takes in. Epochs and
 * fences, with which the product keeps both rules, it does not look at.
 */
export class LeaseWitness {
  readonly world: VirtualWorld;
  readonly #note: (broken: string) => void;
  #rows = new Map<number, TaskRow>();
  #purges = 0;

  constructor(world: VirtualWorld, note: (broken: string) => void) {
    this.world = world;
    this.#note = note;
  }

  /** A life of a replica begins. */
  begin(name: string, memory: EngineMemory): WitnessedLife {
    return new WitnessedLife(this, name, memory);
  }

  /** The rows before and after the commit of `name`. @returns the own tasks that it changed, and those that it leased */
  look({ sqlite }: OpenDatabase, name: string): { changed: number[]; leased: number[] } {
    const before = this.#rows;
    const isPurge = this.#isPurge(sqlite);
    const me = sqlite
      .prepare<{ id: number }, [string]>("SELECT id FROM replicas WHERE name = ?")
      .get(name)?.id;
    const rows = sqlite
      .prepare<TaskRow, []>("SELECT id, kind, attempts, upstream, lease_owner AS owner FROM tasks")
      .all();
    this.#rows = new Map(rows.map((row) => [row.id, row]));
    const changed: number[] = [];
    for (const [id, row] of before) {
      const after = this.#rows.get(id);
      if (after === undefined && isPurge && row.kind === PAYMENT) continue;
      const isOther = after?.attempts !== row.attempts || after.upstream !== row.upstream;
      if (row.owner === me && (isOther || after.owner !== me)) changed.push(id);
      // Nobody's that is gone: it may have been leased and found to be over in this transaction.
      const isTaken = row.owner === null && after === undefined;
      if (isOther && row.owner !== me && !isTaken)
        this.#note(`R17 ${name} changed task ${id}, which belongs to ${row.owner ?? "nobody"}`);
    }
    const leased = rows.filter(({ id, owner }) => owner === me && before.get(id)?.owner !== me);
    return { changed, leased: leased.map(({ id }) => id) };
  }

  /** What was heard before the lease has changed a task. */
  late(name: string, taskId: number): void {
    this.#note(`R17 what ${name} had heard of task ${taskId} before it leased it was taken in`);
  }

  #isPurge(sqlite: OpenDatabase["sqlite"]): boolean {
    const purges =
      sqlite.prepare<{ n: number }, []>("SELECT purge_generation AS n FROM state").get()?.n ?? this.#purges;
    const isPurge = purges !== this.#purges;
    this.#purges = purges;
    return isPurge;
  }
}

/** What one life of a replica has leased and heard. */
export class WitnessedLife {
  readonly #witness: LeaseWitness;
  readonly #name: string;
  readonly #ring: RingMemory;
  /** Since when it has each of its tasks; of those that it has lost, since when it had them. */
  readonly #leasedAtMs = new Map<number, number>();
  /** Frames that its store thread has not given back yet, oldest first. */
  readonly #heard: Heard[] = [];
  /** Own tasks that this turn has changed, and since when they were its own. */
  readonly #changed = new Map<number, number>();

  constructor(witness: LeaseWitness, name: string, { outcomes: [outcomes] }: EngineMemory) {
    if (outcomes === undefined) throw new Error("a replica without dispatch rings");
    this.#witness = witness;
    this.#name = name;
    this.#ring = attachSharedRing(outcomes);
  }

  /** The ring's writing end. @param onHeard after the outcome of a call was sealed */
  outcomesOf(onHeard: () => void): RingProducer {
    return new ListeningProducer(this.#ring, (frame) => {
      this.#heard.push({ ...frame, sinceMs: this.#witness.world.nowMs - frame.ageMs });
      if (frame.ageMs > 0) onHeard();
    });
  }

  /** A transaction of its store thread was committed. */
  committed(database: OpenDatabase): void {
    const { changed, leased } = this.#witness.look(database, this.#name);
    for (const id of changed) this.#changed.set(id, this.#leasedAtMs.get(id) ?? 0);
    for (const id of leased) this.#leasedAtMs.set(id, this.#witness.world.nowMs);
  }

  /** A turn of its store thread is over: what it has taken in is given back. */
  turned(): void {
    const tail = this.#ring.loadTail();
    // Signed distance: positions wrap.
    const end = this.#heard.findIndex(({ position }) => ((tail - position) | 0) < 0);
    const taken = this.#heard.splice(0, end < 0 ? this.#heard.length : end);
    for (const [taskId, leasedAtMs] of this.#changed) {
      const about = taken.filter((frame) => frame.taskId === taskId);
      if (about.length > 0 && about.every(({ sinceMs }) => sinceMs < leasedAtMs))
        this.#witness.late(this.#name, taskId);
    }
    this.#changed.clear();
  }
}

/** A ring's writing end that tells what was written. */
class ListeningProducer extends RingProducer {
  readonly #sealed: (frame: { taskId: number; ageMs: number; position: number }) => void;
  #open: { readonly kind: number; readonly at: number; readonly length: number } | null = null;

  constructor(
    memory: RingMemory,
    sealed: (frame: { taskId: number; ageMs: number; position: number }) => void,
  ) {
    super(memory);
    this.#sealed = sealed;
  }

  override begin(kind: number, length: number): number {
    // What fills up the ring's end is sealed in there.
    this.#open = null;
    const at = super.begin(kind, length);
    if (at >= 0) this.#open = { kind, at, length };
    return at;
  }

  override end(): void {
    super.end();
    const open = this.#open;
    this.#open = null;
    if (open !== null) this.#sealed({ ...this.#read(open), position: this.position });
  }

  #read({ kind, at, length }: { kind: number; at: number; length: number }): {
    taskId: number;
    ageMs: number;
  } {
    switch (kind) {
      case FRAME_KINDS.attempt: {
        const { taskId, latencyMs } = readAttempt(this.view, this.bytes, at);
        return { taskId, ageMs: latencyMs };
      }
      case FRAME_KINDS.taskOutcome: {
        // dispatch-tasks.ts wrote the frame with this shape.
        const { taskId, latencyMs } = readJson(this.bytes, at, length) as TaskCallOutcome;
        return { taskId, ageMs: latencyMs };
      }
      default:
        return { taskId: readTaskMark(this.view, at).taskId, ageMs: 0 };
    }
  }
}
