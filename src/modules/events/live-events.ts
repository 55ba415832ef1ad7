import type { ProcessorName } from "../../domain/processor.ts";
import type { FeedFrame } from "./event-feed.ts";
import { EventHub, type RemoteEvents } from "./event-hub.ts";
import { type FeedMemory, Interest } from "./feed-memory.ts";
import { LiveFeed } from "./live-feed.ts";
import { type ProcessorCondition, ProcessorWatch } from "./processor-watch.ts";

export interface LiveEventsParts {
  readonly memory: FeedMemory;
  readonly replica: string;
  readonly processor: (name: ProcessorName) => ProcessorCondition;
  /** Results of account payments may be there. */
  readonly onResults: () => void;
  readonly remote?: RemoteEvents;
}

/** Main's whole side of the live events. */
export class LiveEvents {
  readonly hub: EventHub;
  readonly #feed: LiveFeed;
  readonly #interest: Interest;
  readonly #watch: ProcessorWatch;

  constructor({ memory, replica, processor, onResults, remote }: LiveEventsParts) {
    this.#interest = new Interest(memory);
    this.#watch = new ProcessorWatch(processor);
    this.hub = new EventHub({
      replica,
      onInterest: (isWanted) => this.#setInterest(isWanted),
      ...(remote === undefined ? {} : { remote }),
    });
    this.#feed = new LiveFeed({ memory, onFrame: (frame) => this.#take(frame), onResults });
  }

  /** Somebody waits for the result of an account payment, or nobody does any more. */
  setWaits(isWanted: boolean): void {
    this.#interest.waits = isWanted;
  }

  close(): void {
    this.hub.close();
    this.#watch.stop();
    this.#feed.close();
  }

  #setInterest(isWanted: boolean): void {
    this.#interest.streams = isWanted;
    if (isWanted) this.#watch.start(this.hub);
    else this.#watch.stop();
  }

  #take(frame: FeedFrame): void {
    switch (frame.kind) {
      case "event":
        this.hub.publish(frame.type, frame.fields, frame.atMs);
        return;
      case "counts":
        this.hub.count(frame.counts);
        return;
    }
  }
}
