import { LIMITS } from "../../config/limits.ts";
import { formatTimestamp } from "../../domain/timestamp.ts";
import { WINDOW_MS } from "./event-feed.ts";

/** A client of the live events. */
export interface EventClient {
  /** Takes text of the stream, to go out with the next flush; false if it reads too slowly and has been let go. */
  readonly send: (text: string) => boolean;
  readonly flush: () => void;
  /** Whether it wants events of this type. */
  readonly wants: (type: string) => boolean;
  readonly end: () => void;
}

/** Live events of other replicas, where there is a channel for them (cluster mode). */
export interface RemoteEvents {
  /** Hands an event of this replica to the others, as JSON. */
  readonly publish: (json: string) => void;
  /** Tells the others whether anybody reads here: they make no events for nobody. */
  readonly setInterest: (isWanted: boolean) => void;
}

export interface EventHubParts {
  readonly replica: string;
  /** Called when the first client comes and some time after the last one has gone. */
  readonly onInterest: (isWanted: boolean) => void;
  readonly remote?: RemoteEvents;
}

interface KeptEvent {
  readonly number: number;
  readonly type: string;
  readonly text: string;
}

/** Between heartbeats; below the minute after which proxies close a silent connection. */
const HEARTBEAT_MS = 15_000;
/** How long events are kept for clients that come back after nobody was left. */
const LINGER_MS = 30_000;
/**
 * Events that come within so long a time go out together. Nobody sees the difference, and a hundred events per
 * second are ten pieces for each client and not a hundred.
 */
const GATHER_MS = 100;
const COUNTS = "counts";
/** So many events more than the limit are kept before they are cut. */
const CUT = 100;

/**
 * The live events of this process: numbers them, keeps the last ones, and sends them to whoever reads.
 *
 *   publish ──► number, buffer of the last 500 ──► every client that wants the type ──► out every 100 ms
 *   count   ──► summed for 100 ms ──► publish "counts"
 *
 * An id is `<run>-<number>`. A client that comes back with an id of another run, or one that the buffer does not
 * reach back to, gets a `gap` event first. A run ends when nobody has read for a while: events are not made then.
 */
export class EventHub {
  readonly #parts: EventHubParts;
  readonly #clients = new Set<EventClient>();
  /** Oldest first. */
  #kept: KeptEvent[] = [];
  #run = newRun();
  #number = 0;
  #counts = new Map<string, number>();
  #countsTimer: Timer | null = null;
  #flushTimer: Timer | null = null;
  #heartbeat: Timer | null = null;
  #linger: Timer | null = null;
  #isLocallyWanted = false;
  #isRemotelyWanted = false;
  #isClosed = false;

  constructor(parts: EventHubParts) {
    this.#parts = parts;
  }

  get clientCount(): number {
    return this.#clients.size;
  }

  /** Whether another client finds room. */
  get hasRoom(): boolean {
    return !this.#isClosed && this.#clients.size < LIMITS.eventStreamsMax.value;
  }

  /** Sends an event of this replica. @param atMs ms since the epoch */
  publish(type: string, fields: Readonly<Record<string, unknown>>, atMs: number): void {
    if (!this.#isLocallyWanted && !this.#isRemotelyWanted) return;
    const { replica, remote } = this.#parts;
    const json = JSON.stringify({ type, at: formatTimestamp(atMs), replica, ...fields });
    if (this.#isRemotelyWanted) remote?.publish(json);
    if (this.#isLocallyWanted) this.#deliver(type, json);
  }

  /** Sends what another replica published. @param json as its `RemoteEvents.publish` got it */
  publishRemote(json: string): void {
    if (!this.#isLocallyWanted) return;
    const type = typeOf(json);
    if (type !== null) this.#deliver(type, json);
  }

  /** Whether clients of other replicas want this one's events. */
  setRemoteInterest(isWanted: boolean): void {
    this.#isRemotelyWanted = isWanted;
    this.#parts.onInterest(this.#isLocallyWanted || isWanted);
  }

  /** Notes events that are not sent one by one. */
  count(counts: Readonly<Record<string, number>>): void {
    for (const [type, count] of Object.entries(counts)) {
      this.#counts.set(type, (this.#counts.get(type) ?? 0) + count);
    }
    this.#countsTimer ??= setTimeout(() => this.#publishCounts(), WINDOW_MS);
  }

  /** Adds a client. @param lastEventId the last event it has seen, if it was here before */
  join(client: EventClient, lastEventId: string | null): void {
    this.#want();
    if (lastEventId !== null && !this.#replay(client, lastEventId)) return;
    client.flush();
    this.#clients.add(client);
    this.#heartbeat ??= setInterval(() => this.#sendToAll(() => ": still here\n\n"), HEARTBEAT_MS);
  }

  /** The client has gone; one that is not here any more is no error. */
  leave(client: EventClient): void {
    if (!this.#clients.delete(client) || this.#clients.size > 0) return;
    if (this.#heartbeat !== null) clearInterval(this.#heartbeat);
    this.#heartbeat = null;
    this.#linger ??= setTimeout(() => this.#rest(), LINGER_MS);
  }

  /** The replica stops: everybody is sent away, and comes back to another one. */
  close(): void {
    this.#isClosed = true;
    for (const client of [...this.#clients]) {
      this.leave(client);
      client.end();
    }
    this.#rest();
  }

  #want(): void {
    if (this.#linger !== null) clearTimeout(this.#linger);
    this.#linger = null;
    if (this.#isLocallyWanted) return;
    this.#isLocallyWanted = true;
    this.#parts.onInterest(true);
    this.#parts.remote?.setInterest(true);
  }

  /** Nobody reads any more: events that happen from now on are missing from this run. */
  #rest(): void {
    if (this.#linger !== null) clearTimeout(this.#linger);
    if (this.#countsTimer !== null) clearTimeout(this.#countsTimer);
    if (this.#flushTimer !== null) clearTimeout(this.#flushTimer);
    this.#flushTimer = null;
    this.#linger = null;
    this.#countsTimer = null;
    this.#isLocallyWanted = false;
    this.#parts.onInterest(this.#isRemotelyWanted);
    this.#parts.remote?.setInterest(false);
    this.#kept = [];
    this.#counts.clear();
    this.#run = newRun();
    this.#number = 0;
  }

  #deliver(type: string, json: string): void {
    const number = ++this.#number;
    const event = { number, type, text: `id: ${this.#run}-${number}\ndata: ${json}\n\n` };
    this.#keep(event);
    this.#sendToAll((client) => (client.wants(type) ? event.text : null));
  }

  #keep(event: KeptEvent): void {
    this.#kept.push(event);
    // Several at a time: each cut moves all that are left.
    const surplus = this.#kept.length - LIMITS.eventsKept.value;
    if (surplus >= CUT) this.#kept.splice(0, surplus);
  }

  #sendToAll(textFor: (client: EventClient) => string | null): void {
    for (const client of this.#clients) {
      const text = textFor(client);
      if (text !== null && !client.send(text)) this.leave(client);
    }
    this.#flushTimer ??= setTimeout(() => this.#flush(), GATHER_MS);
  }

  #flush(): void {
    this.#flushTimer = null;
    for (const client of this.#clients) client.flush();
  }

  /** Sends what the client has missed. @returns false if it reads too slowly even for that */
  #replay(client: EventClient, lastEventId: string): boolean {
    const match = /^(\w+)-(\d{1,15})$/.exec(lastEventId);
    const isOfThisRun = match !== null && match[1] === this.#run;
    const seen = isOfThisRun ? Number(match[2]) : 0;
    const oldest = this.#kept[0]?.number ?? this.#number + 1;
    if (!isOfThisRun || seen + 1 < oldest) {
      const gap = JSON.stringify({ type: "gap", at: formatTimestamp(Date.now()), missed: true });
      if (!client.send(`data: ${gap}\n\n`)) return false;
    }
    for (const { number, type, text } of this.#kept) {
      if (number > seen && client.wants(type) && !client.send(text)) return false;
    }
    return true;
  }

  #publishCounts(): void {
    this.#countsTimer = null;
    const counts = Object.fromEntries(this.#counts);
    this.#counts.clear();
    this.publish(COUNTS, { windowMs: WINDOW_MS, counts }, Date.now());
  }
}

/** The type of an event that came over the network; null if it is none. */
function typeOf(json: string): string | null {
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value !== "object" || value === null || !("type" in value)) return null;
    return typeof value.type === "string" ? value.type : null;
  } catch {
    return null;
  }
}

function newRun(): string {
  return crypto.randomUUID().slice(0, 8);
}
