import type { Redis } from "ioredis";
import { type LiveMessage, liveChannel } from "./live-state.ts";
import {
  isSameInterest,
  NO_INTEREST,
  type PeerCommand,
  type PeerInterest,
  type PeerNews,
} from "./peer-messages.ts";

/**
 * Dispatch's side of live events and hints between replicas.
 *
 *   <live channel>   "interest": what is wanted where, at once and again every 2 s; "results": look at the database
 *   <events channel> events, heard by those who want them, published while somebody does
 *
 * Interest that is not repeated for 5 s has ended: its replica died, or Redis was away. Nothing is said at all
 * while nobody wants anything.
 */
export interface LiveRelayParts {
  readonly databaseId: string;
  readonly replicaName: string;
  readonly publisher: Redis;
  readonly subscriber: Redis;
  /** Says something on the live channel. */
  readonly tell: (message: LiveMessage) => void;
  readonly toMain: (news: PeerNews) => void;
}

const REPEAT_MS = 2_000;
const FORGET_MS = 5_000;
/** What is more than these did not come from replicas of ours, and would only cost memory. */
const PEERS_MAX = 256;
const EVENTS_MAX = 1_000;
const EVENT_CHARACTERS_MAX = 16 * 1024;

export class LiveRelay {
  readonly #parts: LiveRelayParts;
  readonly #channel: string;
  readonly #peers = new Map<string, { readonly interest: PeerInterest; readonly untilMs: number }>();
  readonly #timer: Timer;
  #isSubscribed = false;
  #own: PeerInterest = NO_INTEREST;
  /** What main has heard of the others' interest. */
  #said: PeerInterest = NO_INTEREST;

  constructor(parts: LiveRelayParts) {
    this.#parts = parts;
    this.#channel = `${liveChannel(parts.databaseId)}:events`;
    parts.subscriber.on("ready", () => {
      this.#isSubscribed = false;
      this.#subscribe();
      this.#repeat();
    });
    parts.subscriber.on("message", (channel: string, text: string) => {
      if (channel === this.#channel) this.#takeEvents(text);
    });
    this.#timer = setInterval(() => this.#beat(), REPEAT_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Does what main asks for. */
  take(command: PeerCommand): void {
    const { publisher, replicaName, tell } = this.#parts;
    switch (command.kind) {
      case "setInterest":
        this.#own = { events: command.events, results: command.results };
        this.#subscribe();
        tell({ kind: "interest", from: replicaName, ...this.#own });
        return;
      case "publishEvents":
        // A name has no line end, and neither has JSON.
        publisher.publish(this.#channel, [replicaName, ...command.events].join("\n")).catch(() => {});
        return;
      case "publishResults":
        tell({ kind: "results", from: replicaName });
        return;
    }
  }

  /** Takes what another replica said on the live channel. */
  hear(message: Extract<LiveMessage, { kind: "interest" | "results" }>): void {
    if (message.kind === "results") {
      if (this.#own.results) this.#parts.toMain({ kind: "peerResults" });
      return;
    }
    const { from, events, results } = message;
    if (events || results) {
      if (this.#peers.size >= PEERS_MAX && !this.#peers.has(from)) return;
      this.#peers.set(from, { interest: { events, results }, untilMs: performance.now() + FORGET_MS });
    } else this.#peers.delete(from);
    this.#tellMain();
  }

  #beat(): void {
    const now = performance.now();
    for (const [name, { untilMs }] of this.#peers) if (untilMs < now) this.#peers.delete(name);
    this.#tellMain();
    this.#repeat();
  }

  #repeat(): void {
    const { tell, replicaName } = this.#parts;
    if (this.#own.events || this.#own.results) tell({ kind: "interest", from: replicaName, ...this.#own });
  }

  #tellMain(): void {
    const interests = [...this.#peers.values()].map(({ interest }) => interest);
    const all = {
      events: interests.some(({ events }) => events),
      results: interests.some(({ results }) => results),
    };
    if (isSameInterest(all, this.#said)) return;
    this.#said = all;
    this.#parts.toMain({ kind: "peerInterest", ...all });
  }

  #subscribe(): void {
    const { subscriber } = this.#parts;
    if (subscriber.status !== "ready" || this.#isSubscribed === this.#own.events) return;
    this.#isSubscribed = this.#own.events;
    const done = this.#own.events
      ? subscriber.subscribe(this.#channel)
      : subscriber.unsubscribe(this.#channel);
    // Gone again: the next connect does it.
    done.catch(() => {});
  }

  #takeEvents(text: string): void {
    const [from, ...lines] = text.split("\n", EVENTS_MAX + 1);
    if (from === this.#parts.replicaName) return;
    const events = lines.filter((line) => line.length <= EVENT_CHARACTERS_MAX && !line.includes("\r"));
    this.#parts.toMain({ kind: "peerEvents", events });
  }
}
