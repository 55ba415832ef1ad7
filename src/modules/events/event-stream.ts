import { formatTimestamp } from "../../domain/timestamp.ts";
import type { EventClient, EventHub } from "./event-hub.ts";

/** What may be under way to a client that has not read it: all that is kept for it, at least. More, and it is let go. */
const UNREAD_BYTES_MAX = 256 * 1024;
/** First words: a browser comes back after so many ms when the connection breaks. */
const GREETING = "retry: 1000\n\n";

const HEADERS = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-store",
  // nginx would gather events otherwise.
  "x-accel-buffering": "no",
};

/** The answer to HEAD: a stream would be read to its end, which it does not have, to learn its length. */
export function describeEventStream(): Response {
  return new Response(null, { headers: HEADERS });
}

const encoder = new TextEncoder();

/**
 * The answer to GET /events: a stream that stays open (HTML standard, "Server-sent events").
 * @param types only these types and their `type.…`; empty: all
 * @param lastEventId as the header `Last-Event-ID` has it
 */
export function openEventStream(
  hub: EventHub,
  types: readonly string[],
  lastEventId: string | null,
): Response {
  let client: StreamClient | null = null;
  const stream = new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        client = createClient(controller, types);
        client.send(GREETING);
        hub.join(client, lastEventId);
      },
      cancel: () => {
        if (client === null) return;
        client.abandon();
        hub.leave(client);
      },
    },
    new ByteLengthQueuingStrategy({ highWaterMark: UNREAD_BYTES_MAX }),
  );
  return new Response(stream, { headers: HEADERS });
}

interface StreamClient extends EventClient {
  /** The connection is gone: nothing may be put into the stream any more. */
  readonly abandon: () => void;
}

function createClient(
  controller: ReadableStreamDefaultController<Uint8Array>,
  types: readonly string[],
): StreamClient {
  let isOpen = true;
  let gathered = "";
  const flush = () => {
    if (!isOpen || gathered === "" || controller.desiredSize === null) return;
    controller.enqueue(encodeOnce(gathered));
    gathered = "";
  };
  const end = () => {
    flush();
    if (!isOpen) return;
    isOpen = false;
    controller.close();
  };
  return {
    wants: (type) => types.length === 0 || ALWAYS.has(type) || types.some((wanted) => covers(wanted, type)),
    flush,
    end,
    abandon: () => {
      isOpen = false;
    },
    send: (text) => {
      if (!isOpen) return false;
      // Null once the connection has failed.
      const { desiredSize } = controller;
      if (desiredSize === null) isOpen = false;
      else if (desiredSize > gathered.length) {
        gathered += text;
        return true;
      } else {
        gathered += goodbye();
        end();
      }
      return false;
    },
  };
}

/** Most clients want the same: what goes to all of them at once is made into bytes once. */
let encoded: { readonly text: string; readonly bytes: Uint8Array } = { text: "", bytes: new Uint8Array() };

function encodeOnce(text: string): Uint8Array {
  if (encoded.text !== text) encoded = { text, bytes: encoder.encode(text) };
  return encoded.bytes;
}

/** What explains the other events goes to everybody. */
const ALWAYS: ReadonlySet<string> = new Set(["counts"]);

/** `payment` covers `payment` and `payment.settled`, not `paymentX`. */
function covers(wanted: string, type: string): boolean {
  return type === wanted || type.startsWith(`${wanted}.`);
}

function goodbye(): string {
  const json = JSON.stringify({ type: "dropped", at: formatTimestamp(Date.now()), reason: "slow" });
  return `data: ${json}\n\n`;
}
