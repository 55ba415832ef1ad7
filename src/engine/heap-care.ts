/**
 * Keeps the heap of a worker thread small. A JavaScript VM collects its garbage when tens of megabytes have
 * gathered, which is a good bargain on a large machine and a bad one for three VMs in a process of 80 MB; and
 * the store thread, which never returns to its event loop, is never idle for the VM to tidy up.
 *
 * A full collection takes 5 to 10 ms, because what lives is small: once per so many frames that is 1 µs each.
 */
const FRAMES_PER_COLLECTION = 1024;

export class HeapCare {
  #frames = 0;

  /** Call where a pause hurts nobody. @param frames handled since the last call */
  handled(frames: number): void {
    this.#frames += frames;
    if (this.#frames < FRAMES_PER_COLLECTION) return;
    this.#frames = 0;
    Bun.gc(true);
  }
}
