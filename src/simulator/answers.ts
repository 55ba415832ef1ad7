/** The answers of the simulated processors, good and bad ones. */
const JSON_HEADERS = { "content-type": "application/json; charset=utf-8" };
// A Headers object is copied faster than it is made, and this one is needed for every payment.
const JSON_OK = { headers: new Headers(JSON_HEADERS) };

/** A silent call is given up after this, so that calls of a caller who never gives up are bounded. */
const SILENCE_MS_MAX = 120_000;

/** 200 with a body that is JSON text already. */
export function jsonAnswer(json: string): Response {
  return new Response(json, JSON_OK);
}

/** A status with `{"message": …}`. */
export function messageAnswer(status: number, message: string): Response {
  return new Response(JSON.stringify({ message }), { status, headers: JSON_HEADERS });
}

/** A status without a body. */
export function emptyAnswer(status: number, headers: Record<string, string> = {}): Response {
  return new Response(null, { status, headers });
}

/** 429 as the processors give it, with the length of the health window whichever limit it is. */
export function tooManyAnswer(retryAfterSeconds: number): Response {
  const headers = { "content-type": "text/plain", "retry-after": String(retryAfterSeconds) };
  return new Response("Too many calls. Try again later.", { status: 429, headers });
}

/** 200 with bytes that are neither JSON nor UTF-8. */
export function garbageAnswer(): Response {
  return new Response(Uint8Array.of(0x7b, 0xff, 0x00, 0xfe, 0x22, 0xc3, 0x28, 0x80), JSON_OK);
}

/**
 * No answer: Bun resets the connection (RST, not a byte sent) when a body fails before its first chunk.
 * The reason is `undefined` because Bun prints any other one.
 */
export function resetAnswer(): Response {
  return new Response(new ReadableStream({ start: (controller) => controller.error(undefined) }));
}

/** No answer until the caller hangs up, then nothing that anybody reads. */
export function silentAnswer(hungUp: AbortSignal): Promise<Response> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      hungUp.removeEventListener("abort", end);
      resolve(resetAnswer());
    };
    const timer = setTimeout(end, SILENCE_MS_MAX);
    if (hungUp.aborted) end();
    else hungUp.addEventListener("abort", end);
  });
}
