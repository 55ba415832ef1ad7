import { LIMITS } from "../../config/limits.ts";
import { Doorbell } from "../../ring/doorbell.ts";
import { attachSharedRing, createSharedRing, type RingMemory } from "../../ring/ring-memory.ts";
import { SharedWords } from "../../ring/shared-words.ts";

/**
 * What store and main share for live events: made by main, sent to the store thread once.
 *
 *   ring    events, one JSON frame each        store ──► main
 *   bell    rung when there is something       store ──► main
 *   words   who wants what                     main  ──► store: 0 streams of events, 1 waits for results
 */
export interface FeedMemory {
  readonly ring: SharedArrayBuffer;
  readonly bell: SharedArrayBuffer;
  readonly words: SharedArrayBuffer;
}

const WORD = { streams: 0, waits: 1 } as const;
const WORDS = 2;

export function createFeedMemory(): FeedMemory {
  const { buffer } = createSharedRing(LIMITS.eventRingBytes.value).bytes;
  if (!(buffer instanceof SharedArrayBuffer)) throw new Error("a shared ring lies in unshared memory");
  return {
    ring: buffer,
    bell: new SharedArrayBuffer(Doorbell.BYTES),
    words: new SharedArrayBuffer(SharedWords.bytes(WORDS, 0)),
  };
}

/** Whether anybody wants to know: a look costs a few ns, so the store asks before it makes anything. */
export class Interest {
  readonly #words: SharedWords;

  constructor(memory: FeedMemory) {
    this.#words = new SharedWords(memory.words, WORDS);
  }

  /** Somebody reads live events. */
  get streams(): boolean {
    return this.#words.loadInt(WORD.streams) === 1;
  }
  set streams(wanted: boolean) {
    this.#words.storeInt(WORD.streams, wanted ? 1 : 0);
  }

  /** Somebody waits for the result of an account payment. */
  get waits(): boolean {
    return this.#words.loadInt(WORD.waits) === 1;
  }
  set waits(wanted: boolean) {
    this.#words.storeInt(WORD.waits, wanted ? 1 : 0);
  }
}

export function attachFeedRing(memory: FeedMemory): RingMemory {
  return attachSharedRing(memory.ring);
}

export function attachFeedBell(memory: FeedMemory): Doorbell {
  return new Doorbell(memory.bell);
}
