import { LIMITS } from "../config/limits.ts";
import { problem } from "./errors.ts";

/** 64 KiB (CONTRACTS, rules for every route). */
export const BODY_BYTES_MAX = LIMITS.bodyBytesMax.value;

/** What is a little too long is read to its end and dropped; whoever sends more is cut off. */
export const BODY_BYTES_CUT = LIMITS.bodyBytesCut.value;

/**
 * For Bun, whose own answer to a body that is too long is an empty one. Nothing of it gets past `boundBodies`, so this
 * is the largest number that it takes.
 */
export const BUN_BODY_BYTES_MAX = Number.MAX_SAFE_INTEGER;

type Handle = (request: Request) => Response | Promise<Response>;

/** Bodies that were read before their handlers were called. */
const gathered = new WeakMap<Request, Uint8Array<ArrayBuffer>>();

/**
 * Keeps a body that is longer than 64 KiB from every handler: 413, and the connection is closed if a lot is still to come.
 *
 *   declared length ─┬─ short enough ─► the handler, which reads it or does not
 *                    └─ too long ─────► 413, nothing of it is read
 *   in chunks ───────┬─ short enough ─► gathered here first, then the handler
 *                    └─ too long ─────► 413
 *
 * A body in chunks (but of GET and HEAD, where Bun drops it as it comes) is gathered whatever its route does with it,
 * because Bun keeps some MB of what nobody reads as long as the answer is awaited. Nearly every body has a length, and
 * one without waits for nothing but its own bytes.
 */
export function boundBodies(handle: Handle): Handle {
  return (request) => {
    const declared = request.headers.get("content-length");
    if (declared !== null) {
      const bytes = Number(declared);
      return bytes > BODY_BYTES_MAX ? refuse(bytes > BODY_BYTES_CUT) : handle(request);
    }
    return request.headers.has("transfer-encoding") ? gatherFirst(request, handle) : handle(request);
  };
}

/** The body of a request that came through `boundBodies`, or to a server that has a bound of its own. */
export function readBody(request: Request): Uint8Array<ArrayBuffer> | Promise<Uint8Array<ArrayBuffer>> {
  return gathered.get(request) ?? request.bytes();
}

/** The same as text. */
export function readBodyText(request: Request): string | Promise<string> {
  const body = gathered.get(request);
  return body === undefined ? request.text() : new TextDecoder().decode(body);
}

async function gatherFirst(request: Request, handle: Handle): Promise<Response> {
  let body: Uint8Array<ArrayBuffer> | "too long" | "endless";
  try {
    body = await gather(request);
  } catch {
    // The connection broke while the body arrived: nobody reads this answer.
    return problem("INVALID_JSON");
  }
  if (typeof body === "string") return refuse(body === "endless");
  gathered.set(request, body);
  return handle(request);
}

async function gather(request: Request): Promise<Uint8Array<ArrayBuffer> | "too long" | "endless"> {
  const parts: Uint8Array[] = [];
  let length = 0;
  // Breaking off cancels the stream.
  for await (const part of request.body ?? []) {
    length += part.length;
    if (length > BODY_BYTES_CUT) return "endless";
    if (length <= BODY_BYTES_MAX) parts.push(part);
  }
  return length > BODY_BYTES_MAX ? "too long" : new Uint8Array(Buffer.concat(parts));
}

function refuse(isToBeClosed: boolean): Response {
  return problem("BODY_TOO_LARGE", isToBeClosed ? { headers: { connection: "close" } } : {});
}
