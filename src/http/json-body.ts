import { LIMITS } from "../config/limits.ts";
import { readBody } from "./bounded-body.ts";
import { isFromAnotherOrigin } from "./cross-origin.ts";
import type { ErrorCode } from "./error-codes.ts";
import type { ProblemOptions } from "./errors.ts";

/**
 * How deep arrays and objects may be nested. No body of ours needs more than 4; JSON.parse takes 30 ms for 60 KiB of
 * opening brackets, during which nobody else is served.
 */
export const BODY_DEPTH_MAX = LIMITS.bodyDepthMax.value;

/** Why a body was not taken; thrown to get out of Elysia's parser and turned into a problem by the app. */
export class BodyRejection extends Error {
  readonly code: ErrorCode;
  readonly options: ProblemOptions;

  constructor(code: ErrorCode, options: ProblemOptions = {}) {
    super(code);
    this.code = code;
    this.options = options;
  }
}

// `fatal`: U+FFFD in the place of broken bytes would store something that nobody sent.
const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * Reads the JSON body of a request that came through `boundBodies`. `mediaType` is Content-Type without parameters, ""
 * if there is none: clients that do not say what they send are taken at what they send. An empty body is null, which no
 * object schema accepts.
 * Throws a BodyRejection for anything but JSON in UTF-8.
 */
export async function readJsonBody(request: Request, mediaType: string): Promise<unknown> {
  // The common spelling is compared first; only other ones pay for normalising.
  if (mediaType !== "application/json" && !isJson(mediaType))
    throw new BodyRejection("UNSUPPORTED_MEDIA_TYPE");
  // JSON from a page of another site needs the browser's question first, which gets no; a body without a type does not.
  if (mediaType === "" && isFromAnotherOrigin(request.headers))
    throw new BodyRejection("UNSUPPORTED_MEDIA_TYPE");
  const bytes = await readBody(request);
  if (bytes.length === 0) return null;
  if (isNestedTooDeeply(bytes)) throw new BodyRejection("INVALID_JSON", { detail: TOO_DEEP });
  try {
    return JSON.parse(utf8.decode(bytes));
  } catch {
    // Looked at only here, because nobody who sends readable JSON has compressed it.
    const encoding = request.headers.get("content-encoding");
    if (encoding !== null && encoding !== "identity") throw new BodyRejection("UNSUPPORTED_MEDIA_TYPE");
    throw new BodyRejection("INVALID_JSON");
  }
}

/** `application/json`, any letter case, and its relatives `application/*+json` (RFC 6839); none counts as JSON. */
function isJson(mediaType: string): boolean {
  const normal = mediaType.trim().toLowerCase();
  return normal === "" || normal === "application/json" || /^application\/[^/;]+\+json$/.test(normal);
}

const TOO_DEEP = `Send JSON that is nested at most ${BODY_DEPTH_MAX} levels deep.`;
const QUOTE = 34;
const BACKSLASH = 92;
/** `[` and `{`, `]` and `}` differ in this bit only; without it they are 91 and 93. */
const CURLY_BIT = 32;

/** Counts brackets outside of strings. On what is not JSON it may say anything; JSON.parse then finds out. */
function isNestedTooDeeply(bytes: Uint8Array): boolean {
  // Each level takes two bytes, so most bodies end here.
  if (bytes.length <= 2 * BODY_DEPTH_MAX) return false;
  let depth = 0;
  let inString = false;
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index] ?? 0;
    if (inString) {
      if (byte === BACKSLASH) index++;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) {
      inString = true;
    } else if ((byte & ~CURLY_BIT) === 91) {
      if (++depth > BODY_DEPTH_MAX) return true;
    } else if ((byte & ~CURLY_BIT) === 93) {
      depth--;
    }
  }
  return false;
}
