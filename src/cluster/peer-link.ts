import {
  isSameInterest,
  NO_INTEREST,
  type PeerCommand,
  type PeerInterest,
  type PeerNews,
} from "./peer-messages.ts";

/** Who in main hears of other replicas. */
export interface PeerListener {
  /** @param json an event as the other replica's EventHub published it */
  readonly onEvent: (json: string) => void;
  readonly onInterest: (interest: PeerInterest) => void;
  /** Results of account payments may be in the database. */
  readonly onResults: () => void;
}

/** Events and hints wait so long for company: each message between threads costs some 20 µs. */
const GATHER_MS = 20;
/** Events in one message at most; what is more is lost, as live events may be. */
const GATHER_MAX = 400;
/** Waits come and go: that nobody wants anything more is said so much later. */
const LINGER_MS = 2_000;

/**
 * Main's side of live events and hints between replicas: talks to the dispatch thread, which has the connection to
 * Redis (live-relay.ts). Everything here may get lost without harm.
 */
export class PeerLink {
  #send: ((command: PeerCommand) => void) | null = null;
  #listener: PeerListener | null = null;
  #wanted: PeerInterest = NO_INTEREST;
  #said: PeerInterest = NO_INTEREST;
  #events: string[] = [];
  #isResultReady = false;
  #gathering: Timer | null = null;
  #lingering: Timer | null = null;

  /** Connects to the dispatch thread. */
  attach(worker: Worker): void {
    this.#send = (command) => worker.postMessage(command);
    // CounterReader hears the same messages; what is not a PeerNews is its.
    worker.addEventListener("message", ({ data }: MessageEvent<PeerNews | { readonly kind?: undefined }>) => {
      if (data.kind !== undefined) this.#hear(data);
    });
    this.#say();
  }

  listen(listener: PeerListener): void {
    this.#listener = listener;
  }

  /** The replica stops: nothing is heard any more. */
  close(): void {
    this.#listener = null;
  }

  /** Hands an event of this replica to the others. */
  publish(json: string): void {
    if (this.#events.length >= GATHER_MAX) return;
    this.#events.push(json);
    this.#gather();
  }

  /** Tells the others to look for results, because some were committed here. */
  publishResults(): void {
    this.#isResultReady = true;
    this.#gather();
  }

  /** Somebody reads events here, or nobody does any more. */
  setInterest(isWanted: boolean): void {
    this.#want({ ...this.#wanted, events: isWanted });
  }

  /** Somebody waits for a result here, or nobody does any more. */
  setWaits(isWanted: boolean): void {
    this.#want({ ...this.#wanted, results: isWanted });
  }

  #want(wanted: PeerInterest): void {
    this.#wanted = wanted;
    const isMore = (wanted.events && !this.#said.events) || (wanted.results && !this.#said.results);
    if (isMore) this.#say();
    else this.#lingering ??= unref(setTimeout(() => this.#say(), LINGER_MS));
  }

  #say(): void {
    if (this.#lingering !== null) clearTimeout(this.#lingering);
    this.#lingering = null;
    if (this.#send === null || isSameInterest(this.#said, this.#wanted)) return;
    this.#said = this.#wanted;
    this.#send({ kind: "setInterest", ...this.#wanted });
  }

  #gather(): void {
    this.#gathering ??= unref(setTimeout(() => this.#flush(), GATHER_MS));
  }

  #flush(): void {
    this.#gathering = null;
    if (this.#events.length > 0) this.#send?.({ kind: "publishEvents", events: this.#events });
    if (this.#isResultReady) this.#send?.({ kind: "publishResults" });
    this.#events = [];
    this.#isResultReady = false;
  }

  #hear(news: PeerNews): void {
    switch (news.kind) {
      case "peerEvents":
        for (const json of news.events) this.#listener?.onEvent(json);
        return;
      case "peerInterest":
        this.#listener?.onInterest({ events: news.events, results: news.results });
        return;
      case "peerResults":
        this.#listener?.onResults();
        return;
    }
  }
}

/** A timer that keeps no process alive. */
function unref(timer: Timer): Timer {
  timer.unref();
  return timer;
}
