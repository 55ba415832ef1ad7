/**
 * Keeps the heap of a thread small. A JavaScript VM collects its garbage when tens of megabytes have gathered,
 * which is a good bargain on a large machine and a bad one for three VMs in a process of 80 MB. The store thread,
 * which never returns to its event loop, is never idle for the VM to tidy up; and main's requests report memory
 * to the VM that they do not have, so that its collections come later and later.
 *
 * A full collection takes 1 to 3 ms, because what lives is small: once per so many frames that is 1 µs each.
 */
const FRAMES_PER_COLLECTION = { main: 1024, store: 2048, dispatch: 1024 } as const;

export class HeapCare {
  readonly #framesMax: number;
  #frames = 0;

  constructor(thread: keyof typeof FRAMES_PER_COLLECTION) {
    this.#framesMax = FRAMES_PER_COLLECTION[thread];
  }

  /** Call where a pause hurts nobody. @param frames handled since the last call: for main, answers given */
  handled(frames: number): void {
    this.#frames += frames;
    if (this.#frames < this.#framesMax) return;
    this.#frames = 0;
    Bun.gc(true);
  }
}
