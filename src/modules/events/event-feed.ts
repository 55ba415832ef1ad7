import type { Doorbell } from "../../ring/doorbell.ts";
import { encodeJson, FRAME_KINDS } from "../../ring/frames.ts";
import { RingProducer } from "../../ring/ring-producer.ts";
import type { EventFields, EventSink, EventType } from "../../store/event-sink.ts";
import type { StoreModule } from "../../store/module.ts";
import { attachFeedBell, attachFeedRing, type FeedMemory, Interest } from "./feed-memory.ts";

/** What a frame of the event ring holds. */
export type FeedFrame =
  | {
      readonly kind: "event";
      readonly type: EventType;
      readonly fields: EventFields[EventType];
      readonly atMs: number;
    }
  /** Events that were only counted, by type. */
  | { readonly kind: "counts"; readonly counts: Readonly<Partial<Record<EventType, number>>> };

/** One by one up to so many of a type per window: more than anybody can read. The others are counted. */
export const EVENTS_PER_WINDOW = 25;
export const WINDOW_MS = 100;

/**
 * The store's side of live events: gathers what a transaction tells, and lets it go when it is committed. While
 * nobody listens that is one atomic load per event.
 */
export class EventFeed implements EventSink, StoreModule {
  readonly commands = {};
  readonly #ring: RingProducer;
  readonly #bell: Doorbell;
  readonly #interest: Interest;
  readonly #now: () => number;
  /** Of the transaction that runs. */
  readonly #events: FeedFrame[] = [];
  readonly #counts = new Map<EventType, number>();
  #isResultReady = false;
  /** Of the window that runs. */
  readonly #spent = new Map<EventType, number>();
  #windowStartMs = 0;

  /** @param now ms since the epoch */
  constructor(memory: FeedMemory, now: () => number = Date.now) {
    this.#ring = new RingProducer(attachFeedRing(memory));
    this.#bell = attachFeedBell(memory);
    this.#interest = new Interest(memory);
    this.#now = now;
  }

  wants(type: EventType): boolean {
    if (!this.#interest.streams) return false;
    if (this.#spend(type)) return true;
    this.#counts.set(type, (this.#counts.get(type) ?? 0) + 1);
    return false;
  }

  emit<Type extends EventType>(type: Type, fields: EventFields[Type], atMs: number): void {
    this.#events.push({ kind: "event", type, fields, atMs });
  }

  resultReady(): void {
    this.#isResultReady = true;
  }

  rolledBack(): void {
    this.#events.length = 0;
    this.#counts.clear();
    this.#isResultReady = false;
  }

  committed(): void {
    const isResultWanted = this.#isResultReady && this.#interest.waits;
    this.#isResultReady = false;
    const isTold = this.#events.length > 0 || this.#counts.size > 0;
    if (isTold) this.#write();
    if (isTold || isResultWanted) this.#bell.ring();
  }

  #spend(type: EventType): boolean {
    const now = this.#now();
    if (now - this.#windowStartMs >= WINDOW_MS) {
      this.#windowStartMs = now;
      this.#spent.clear();
    }
    const spent = this.#spent.get(type) ?? 0;
    if (spent >= EVENTS_PER_WINDOW) return false;
    this.#spent.set(type, spent + 1);
    return true;
  }

  #write(): void {
    for (const event of this.#events) {
      if (this.#writeFrame(event) || event.kind !== "event") continue;
      this.#counts.set(event.type, (this.#counts.get(event.type) ?? 0) + 1);
    }
    this.#events.length = 0;
    // main does not keep up: these counts wait for the next commit.
    if (
      this.#counts.size > 0 &&
      this.#writeFrame({ kind: "counts", counts: Object.fromEntries(this.#counts) })
    ) {
      this.#counts.clear();
    }
    this.#ring.publish();
  }

  #writeFrame(frame: FeedFrame): boolean {
    const payload = encodeJson(frame);
    if (payload.byteLength > this.#ring.payloadBytesMax) throw new Error("a live event is too large");
    const at = this.#ring.begin(FRAME_KINDS.liveEvent, payload.byteLength);
    if (at < 0) return false;
    this.#ring.bytes.set(payload, at);
    this.#ring.end();
    return true;
  }
}
