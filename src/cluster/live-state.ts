import type { Redis } from "ioredis";
import { PROCESSOR_NAMES, type ProcessorName } from "../domain/processor.ts";
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
    };

/** The channel that the replicas of a database share. */
export function liveChannel(databaseId: string): string {
  return `catraca:${databaseId}:live`;
}

/** Takes what peers say into this replica's shared state. @param subscriber a connection of its own */
export function listenToPeers(
  subscriber: Redis,
  channel: string,
  replicaName: string,
  state: SharedState,
): void {
  // At every connect, and not only the first: ioredis does not know a subscription that failed.
  subscriber.on("ready", () => void subscriber.subscribe(channel).catch(() => {}));
  subscriber.on("message", (_channel: string, text: string) => {
    const message = readMessage(text);
    if (message === null || message.from === replicaName) return;
    if (message.kind === "breaker") {
      state.setPeerBreaker(message.processor, message.open, message.atMs);
    } else if (message.seenAtMs > (state.health(message.processor)?.seenAtMs ?? 0)) {
      state.setHealth(message.processor, message);
    }
  });
}

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
  const { kind, from, processor, failing, minResponseTimeMs, seenAtMs, open, atMs } = value as Record<
    string,
    unknown
  >;
  if (typeof from !== "string" || !isProcessorName(processor)) return null;
  if (kind === "breaker" && typeof open === "boolean" && typeof atMs === "number") {
    return { kind, from, processor, open, atMs };
  }
  const isHealth = typeof failing === "boolean" && typeof minResponseTimeMs === "number";
  if (kind === "health" && isHealth && typeof seenAtMs === "number") {
    return { kind, from, processor, failing, minResponseTimeMs, seenAtMs };
  }
  return null;
}

function isProcessorName(value: unknown): value is ProcessorName {
  return PROCESSOR_NAMES.some((name) => name === value);
}
