import { edenGC, fullGC, heapSize } from "bun:jsc";
import { compileAsUsual } from "./engine-options.ts";

/**
 * Keeps the heap of a thread small. A JavaScript VM collects its garbage when tens of megabytes have gathered,
 * which is a good bargain on a large machine and a bad one for three VMs in a process of 80 MB. The store thread,
 * which never returns to its event loop, is never idle for the VM to tidy up; and main's requests report memory
 * to the VM that they do not have, so that its collections come later and later.
 *
 * What a frame leaves behind is garbage within milliseconds: a collection of the young objects (eden) finds nearly
 * all of it for 0.2 ms. A full one, which also looks through everything that lives, takes 1 to 3 ms, ten times as
 * long: it is made when what the others left has gathered. On a machine that is short of CPU that is soon, because
 * every request waits for seconds and is old when it ends: with a full collection per 16,384 frames a replica of
 * 80 MB was killed for its memory after a minute (`scripts/soak --cpus 0.15`).
 *
 * Compiled code is memory, too: until the first few frames have been handled a thread stays in the interpreter, which
 * saves an idle replica 3 to 5 MB.
 */
const FRAMES_BEFORE_COMPILING = 16;
const FRAMES_PER_COLLECTION = { main: 256, store: 512, dispatch: 256 } as const;
/** What may gather between two full collections. */
const GROWTH_BYTES_MAX = 1024 * 1024;
/** However little has gathered by the heap's own account: it does not see all that objects keep outside of it. */
const COLLECTIONS_PER_FULL_ONE = 16;
/** A thread without work leaves garbage, too, by looking whether there is some: megabytes within minutes. */
const UNCOLLECTED_MS_MAX = 10_000;

/** What collects. The simulation, in which many threads of many replicas are one, leaves that to the VM. */
export const HEAP = {
  collectYoung: (): unknown => edenGC(),
  collectAll: (): unknown => fullGC(),
  bytes: heapSize,
  compile: compileAsUsual,
};

export class HeapCare {
  readonly #framesMax: number;
  readonly #heap: typeof HEAP;
  readonly #now: () => number;
  #collectedAtMs: number;
  #frames = 0;
  #isCompiling = false;
  #collections = 0;
  #bytesMax = 0;

  /** @param heap and now for tests */
  constructor(thread: keyof typeof FRAMES_PER_COLLECTION, heap = HEAP, now = () => performance.now()) {
    this.#framesMax = FRAMES_PER_COLLECTION[thread];
    this.#heap = heap;
    this.#now = now;
    this.#collectedAtMs = now();
  }

  /**
   * Call where a pause hurts nobody, now and then also when nothing was handled.
   * @param frames handled since the last call: for main, answers given
   */
  handled(frames: number): void {
    this.#frames += frames;
    if (!this.#isCompiling && this.#frames >= FRAMES_BEFORE_COMPILING) {
      this.#isCompiling = true;
      this.#heap.compile();
    }
    const now = this.#now();
    if (this.#frames < this.#framesMax && now - this.#collectedAtMs < UNCOLLECTED_MS_MAX) return;
    this.#frames = 0;
    this.#collectedAtMs = now;
    this.#collections++;
    this.#heap.collectYoung();
    if (this.#heap.bytes() < this.#bytesMax && this.#collections < COLLECTIONS_PER_FULL_ONE) return;
    this.#heap.collectAll();
    this.#collections = 0;
    this.#bytesMax = this.#heap.bytes() + GROWTH_BYTES_MAX;
  }
}
