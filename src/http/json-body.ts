import type { ErrorCode } from "./error-codes.ts";
import type { ProblemOptions } from "./errors.ts";

/** 64 KiB (CONTRACTS, rules for every route). */
export const BODY_BYTES_MAX = 65_536;

/**
 * Above this Bun itself cuts the connection's body off, so that a body without a declared length cannot fill the
 * memory. Between the two limits the answer is ours; a declared length over 64 KiB is refused without reading.
 */
export const BODY_BYTES_CUT = 4 * BODY_BYTES_MAX;

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
 * Reads a request's JSON body. `mediaType` is Content-Type without parameters, "" if there is none: clients that
 * do not say what they send are taken at what they send. An empty body is null, which no object schema accepts.
 * Throws a BodyRejection for anything but at most 64 KiB of JSON in UTF-8.
 */
export async function readJsonBody(request: Request, mediaType: string): Promise<unknown> {
  if (Number(request.headers.get("content-length")) > BODY_BYTES_MAX)
    throw new BodyRejection("BODY_TOO_LARGE");
  // The common spelling is compared first; only other ones pay for normalising.
  if (mediaType !== "application/json" && !isJson(mediaType))
    throw new BodyRejection("UNSUPPORTED_MEDIA_TYPE");
  const bytes = await request.bytes();
  if (bytes.length === 0) return null;
  if (bytes.length > BODY_BYTES_MAX) throw new BodyRejection("BODY_TOO_LARGE");
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
