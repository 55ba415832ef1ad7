/**
 * Every request has an id: the caller's own `x-request-id` if it is sane, else one made here. It is on the answer
 * and in every log line. Made ids only have to be unique and cheap, not unguessable: a prefix that is drawn
 * once per process, and a counter.
 */
export const REQUEST_ID_HEADER = "x-request-id";

/** Up to 128 visible ASCII characters: longer or stranger ones would let a caller spoil logs and memory. */
const SANE_ID = /^[!-~]{1,128}$/;

/** Where a request carries its id once it is known. A symbol cannot collide with the fields of Request. */
const requestIdKey = Symbol("catraca.requestId");
interface IdentifiedRequest extends Request {
  [requestIdKey]?: string;
}

/**
 * Makes the function that gives each request its id. `prefix` should be unique per process start, so that ids
 * of restarts and replicas do not meet; it must itself be visible ASCII.
 */
export function createRequestIdentifier(prefix: string): (request: Request) => string {
  let count = 0;
  return (request) => {
    const received = request.headers.get(REQUEST_ID_HEADER);
    const id = received !== null && SANE_ID.test(received) ? received : `${prefix}${(++count).toString(36)}`;
    // The cast only opens the symbol's place; Request objects are extensible.
    (request as IdentifiedRequest)[requestIdKey] = id;
    return id;
  };
}

/** The id of a request that came through `createHttpApp`, for log lines and for what the request leaves behind. */
export function requestIdOf(request: Request): string {
  return (request as IdentifiedRequest)[requestIdKey] ?? "unidentified"; // written by the function above
}
