import { BookSegment, CentsSum, SEGMENT_RECORDS } from "./book-segment.ts";
import type { Uuid } from "./uuid.ts";

/** One payment as a processor recorded it. */
export interface BookRecord {
  readonly id: Uuid;
  readonly cents: number;
  readonly requestedAtMicros: number;
}

export interface BookSummary {
  readonly totalRequests: number;
  readonly totalCents: bigint;
}

/** 31 segments of 2.4 MB: 73 MB for a full book. It starts with none and grows by one at a time. */
export const BOOK_RECORDS_MAX = 2_000_000;

/**
 * Everything a simulated processor has recorded, in memory and bounded: past `recordsMax` the oldest
 * segment (65,535 records) is forgotten and `onForgotten` told, because from then on its ids would be
 * taken a second time and summaries lack it.
 *
 *   insert ──► [ oldest segment ][ … ][ newest segment ] ◄── grows here
 *               forgotten first
 */
export class ProcessorBook {
  readonly #segmentsMax: number;
  readonly #onForgotten: (records: number) => void;
  #segments: BookSegment[] = [];

  constructor(recordsMax: number, onForgotten: (records: number) => void) {
    this.#segmentsMax = Math.max(2, Math.ceil(recordsMax / SEGMENT_RECORDS));
    this.#onForgotten = onForgotten;
  }

  /** Records a payment unless its id is there already: the first insert wins. False if it was there. */
  insert(id: Uuid, cents: number, requestedAtMicros: number): boolean {
    for (const segment of this.#segments) {
      if (segment.indexOf(id) >= 0) return false;
    }
    this.#segmentToFill().append(id, cents, requestedAtMicros);
    return true;
  }

  /** The payment with this id, or null. */
  find(id: Uuid): BookRecord | null {
    for (const segment of this.#segments) {
      const record = segment.indexOf(id);
      if (record >= 0) return segment.read(record);
    }
    return null;
  }

  /** Count and exact sum of what was requested between the two times, inclusive; of everything without them. */
  summarize(
    fromMicros: number = Number.NEGATIVE_INFINITY,
    toMicros: number = Number.POSITIVE_INFINITY,
  ): BookSummary {
    const sum = new CentsSum();
    let totalRequests = 0;
    for (const segment of this.#segments) totalRequests += segment.sumBetween(fromMicros, toMicros, sum);
    return { totalRequests, totalCents: sum.total };
  }

  /** Every record, oldest first: for tests and audits that compare two books. */
  *records(): Generator<BookRecord> {
    for (const segment of this.#segments) {
      for (let record = 0; record < segment.count; record++) yield segment.read(record);
    }
  }

  purge(): void {
    this.#segments = [];
  }

  #segmentToFill(): BookSegment {
    const newest = this.#segments.at(-1);
    if (newest !== undefined && !newest.full) return newest;
    if (this.#segments.length === this.#segmentsMax) {
      this.#segments.shift();
      this.#onForgotten(SEGMENT_RECORDS);
    }
    const segment = new BookSegment();
    this.#segments.push(segment);
    return segment;
  }
}
