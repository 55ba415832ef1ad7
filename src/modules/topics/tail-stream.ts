import type { MessageView, TopicQueries } from "./queries.ts";
import type { TopicName } from "./topics.ts";

/** How often a tail that has caught up looks for more. */
const LOOK_MS = 200;
/** A comment after so long a silence, so that nobody in between takes the connection for dead. */
const HEARTBEAT_MS = 15_000;
const MESSAGES_MAX = 100;

const HEADERS = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-store",
  // nginx would gather messages otherwise.
  "x-accel-buffering": "no",
};

/** The answer to HEAD: a tail would be read to its end, which it does not have, to learn its length. */
export function describeTail(): Response {
  return new Response(null, { headers: HEADERS });
}

/**
 * A live tail of a topic as server-sent events: each message as it is committed, whichever replica wrote it, in order
 * within its partition. The id of an event is where every partition goes on, so a client that comes back with
 * `Last-Event-ID` misses nothing that is still kept. It reads at the pace of its client: a slow one costs no memory.
 *
 * @param places the next offset of every partition to follow
 */
export function openTail(
  queries: TopicQueries,
  topic: TopicName,
  places: ReadonlyMap<number, number>,
): Response {
  const next = new Map(places);
  const encoder = new TextEncoder();
  let isOpen = true;
  const stream = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(encoder.encode("retry: 1000\n\n")),
    pull: async (controller) => {
      const silentUntil = performance.now() + HEARTBEAT_MS;
      while (isOpen) {
        const text = [...next.keys()].map((partition) => read(queries, topic, partition, next)).join("");
        if (text !== "" || performance.now() >= silentUntil) {
          controller.enqueue(encoder.encode(text === "" ? ": still here\n\n" : text));
          return;
        }
        await Bun.sleep(LOOK_MS);
      }
    },
    cancel: () => {
      isOpen = false;
    },
  });
  return new Response(stream, { headers: HEADERS });
}

/** What is new in one partition, as events; moves its place behind it. */
function read(queries: TopicQueries, topic: TopicName, partition: number, next: Map<number, number>): string {
  const messages = queries.messagesFrom(topic, partition, next.get(partition) ?? 0, MESSAGES_MAX);
  return messages.map((message) => eventOf(message, next)).join("");
}

function eventOf(message: MessageView, next: Map<number, number>): string {
  next.set(message.partition, message.offset + 1);
  const id = [...next].map(([partition, offset]) => `${partition}.${offset}`).join("-");
  return `id: ${id}\nevent: message\ndata: ${JSON.stringify(message)}\n\n`;
}
