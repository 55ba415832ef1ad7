import type { Redis } from "ioredis";
import { isResponseTimeMs, PROCESSOR_NAMES, type ProcessorName } from "../domain/processor.ts";
import type { SharedState } from "../engine/shared-state.ts";

/**
 * What one replica tells the others at once, through Redis' pub/sub. Only hints: a message that is lost costs
 * some milliseconds, because health is in the database, too, and every breaker learns by itself.
 */
export type LiveMessage =
  | {
      readonly kind: "health";
      readonly from: string;
      readonly processor: ProcessorName;
      readonly failing: boolean;
      readonly minResponseTimeMs: number;
      readonly seenAtMs: number;
    }
  | {
      readonly kind: "breaker";
      readonly from: string;
      readonly processor: ProcessorName;
      readonly open: boolean;
      readonly atMs: number;
    }
  /** What somebody wants at that replica, see live-relay.ts. */
  | {
      readonly kind: "interest";
      readonly from: string;
      readonly events: boolean;
      readonly results: boolean;
    }
  /** Results of account payments were committed by that replica. */
  | { readonly kind: "results"; readonly from: string };

/** The channel that the replicas of a database share. */
export function liveChannel(databaseId: string): string {
  return `catraca:${databaseId}:live`;
}

type RelayMessage = Extract<LiveMessage, { kind: "interest" | "results" }>;

/**
 * Takes what peers say into this replica's shared state. @param subscriber a connection of its own
 * @param onRelay hears the rest
 */
export function listenToPeers(
  subscriber: Redis,
  channel: string,
  replicaName: string,
  state: SharedState,
  onRelay: (message: RelayMessage) => void,
): void {
  // At every connect, and not only the first: ioredis does not know a subscription that failed.
  subscriber.on("ready", () => void subscriber.subscribe(channel).catch(() => {}));
  subscriber.on("message", (heardOn: string, text: string) => {
    const message = heardOn === channel ? readMessage(text) : null;
    if (message === null || message.from === replicaName) return;
    switch (message.kind) {
      case "breaker":
        state.setPeerBreaker(message.processor, message.open, message.atMs);
        return;
      case "health":
        // From the future it would hide all that is said after it.
        if (message.seenAtMs > Date.now() + CLOCKS_APART_MAX_MS) return;
        if (message.seenAtMs <= (state.health(message.processor)?.seenAtMs ?? 0)) return;
        state.setHealth(message.processor, message);
        return;
      default:
        onRelay(message);
    }
  });
}

/** The replicas are on one machine, with one clock; it may be set. */
const CLOCKS_APART_MAX_MS = 60_000;
/** The last moment that a Date can name (ECMAScript, 21.4.1.1). */
const TIME_MAX_MS = 8.64e15;

/** The message, or null: another version of this program may say what this one does not know. */
export function readMessage(text: string): LiveMessage | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null) return null;
  // Every field is looked at below.
  const { kind, from, processor, failing, minResponseTimeMs, seenAtMs, open, atMs, events, results } =
    value as Record<string, unknown>;
  if (typeof from !== "string") return null;
  if (kind === "results") return { kind, from };
  if (kind === "interest" && typeof events === "boolean" && typeof results === "boolean") {
    return { kind, from, events, results };
  }
  if (!isProcessorName(processor)) return null;
  if (kind === "breaker" && typeof open === "boolean" && isTimeMs(atMs)) {
    return { kind, from, processor, open, atMs };
  }
  if (kind !== "health" || typeof failing !== "boolean") return null;
  if (isResponseTimeMs(minResponseTimeMs) && isTimeMs(seenAtMs)) {
    return { kind, from, processor, failing, minResponseTimeMs, seenAtMs };
  }
  return null;
}

function isTimeMs(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= TIME_MAX_MS;
}

function isProcessorName(value: unknown): value is ProcessorName {
  return PROCESSOR_NAMES.some((name) => name === value);
}
