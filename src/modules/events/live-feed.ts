import type { Doorbell } from "../../ring/doorbell.ts";
import { readJson } from "../../ring/frames.ts";
import { RingConsumer } from "../../ring/ring-consumer.ts";
import type { FeedFrame } from "./event-feed.ts";
import { attachFeedBell, attachFeedRing, type FeedMemory } from "./feed-memory.ts";

export interface LiveFeedParts {
  readonly memory: FeedMemory;
  readonly onFrame: (frame: FeedFrame) => void;
  /** Results of account payments may be there. */
  readonly onResults: () => void;
}

/** Longest sleep; nothing depends on it, because the bell is rung for everything that somebody waits for. */
const IDLE_MS = 1000;

/** Main's side of live events: sleeps until the store thread rings, then hands out what is in the ring. */
export class LiveFeed {
  readonly #ring: RingConsumer;
  readonly #bell: Doorbell;
  readonly #parts: LiveFeedParts;
  #isClosed = false;

  constructor(parts: LiveFeedParts) {
    this.#parts = parts;
    this.#ring = new RingConsumer(attachFeedRing(parts.memory));
    this.#bell = attachFeedBell(parts.memory);
    void this.#listen();
  }

  close(): void {
    this.#isClosed = true;
  }

  async #listen(): Promise<void> {
    while (!this.#isClosed) {
      const seen = this.#bell.value;
      // Results first: their clients have nothing else to look at.
      this.#parts.onResults();
      this.#takeFrames();
      await this.#bell.waitAsync(seen, IDLE_MS);
    }
  }

  #takeFrames(): void {
    const ring = this.#ring;
    while (ring.next()) {
      // event-feed.ts wrote it with this shape
      this.#parts.onFrame(readJson(ring.bytes, ring.offset, ring.length) as FeedFrame);
    }
    ring.release();
  }
}
