import { readJson } from "../ring/frames.ts";
import type { RingConsumer } from "../ring/ring-consumer.ts";

/** Who waits for a command that could not be processed; nobody if it cannot even be read. */
export function replyIdOf(ring: RingConsumer): number {
  try {
    return readCommand(ring).replyId;
  } catch {
    return 0;
  }
}

/** A command frame where it lies. */
export function readCommand(ring: RingConsumer): { name: string; replyId: number; input: unknown } {
  // main wrote the frame with the same shape, see command-client.ts
  return readJson(ring.bytes, ring.offset, ring.length) as { name: string; replyId: number; input: unknown };
}
