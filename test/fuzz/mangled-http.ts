import { wholeBetween } from "../e2e/seed.ts";
import { pick } from "../simulation/seeded-random.ts";

const ID = "4a7901b8-7d26-4d9d-aa19-4dc1c7cf60b3";
const BODY = `{"correlationId":"${ID}","amount":19.9}`;
const HEAD = "HTTP/1.1\r\nHost: x\r\n";
const JSON_TYPE = "Content-Type: application/json\r\n";

/** Sound requests, to be mangled. */
export const TEMPLATES: readonly string[] = [
  `POST /payments ${HEAD}${JSON_TYPE}Content-Length: ${BODY.length}\r\n\r\n${BODY}`,
  `POST /payments ${HEAD}${JSON_TYPE}Transfer-Encoding: chunked\r\n\r\n${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`,
  `GET /payments/${ID} ${HEAD}x-request-id: 1\r\n\r\n`,
  `GET /payments-summary?from=2025-07-15T00:00:00.000Z&to=2025-07-16T00:00:00.000Z ${HEAD}\r\n`,
  `POST /payments-purge ${HEAD}Content-Length: 0\r\nAuthorization: Bearer x\r\n\r\n`,
  `GET /healthcheck ${HEAD}Accept: */*\r\n\r\n`,
  `GET /metrics ${HEAD}\r\n`,
  `GET /docs ${HEAD}If-None-Match: "x"\r\n\r\n`,
  `GET /processors/default/payments/${ID} ${HEAD}\r\n`,
  `GET /findByName/caf%C3%A9 ${HEAD}Accept-Encoding: gzip\r\n\r\n`,
  `HEAD /events/ ${HEAD}Accept: text/event-stream\r\nLast-Event-ID: x-1\r\n\r\n`,
  `POST /mock-gateway/pay ${HEAD}Expect: 100-continue\r\nContent-Length: 2\r\n\r\n{}`,
];

const NASTY = [
  "",
  "\0",
  "\r\n",
  "\r\n\r\n",
  "\n",
  "%",
  "%00",
  "%ff",
  "%2f",
  "../",
  "{",
  "}",
  "[",
  '"',
  "\\",
  "\\u0000",
  "\\ud800",
  "null",
  "-1",
  "1e999",
  "99999999999999999999",
  "__proto__",
  "é",
  "\xff\xfe",
  "chunked",
  "HTTP/1.0",
  "http://x/",
  "a".repeat(5_000),
  "A: b\r\n".repeat(300),
  "Content-Length: 1\r\n",
  "Transfer-Encoding: chunked\r\n",
  "Connection: close\r\n",
  "Upgrade: websocket\r\n",
  ":",
  "?",
  "&",
  "=",
];

/** One to three changes at random places: bytes doubled, cut out, put in, or everything behind them gone. */
export function mangle(random: () => number, request: string): string {
  let mangled = request;
  for (let change = wholeBetween(random, 1, 3); change > 0; change--) {
    const at = wholeBetween(random, 0, mangled.length);
    const end = Math.min(mangled.length, at + wholeBetween(random, 0, 20));
    const cut = mangled.slice(at, end);
    const byte = String.fromCharCode(wholeBetween(random, 0, 255));
    const put = pick(random, [
      () => byte,
      () => "",
      () => cut + cut,
      () => pick(random, NASTY),
      () => cut + byte,
    ])();
    mangled = mangled.slice(0, at) + put + (random() < 0.05 ? "" : mangled.slice(end));
  }
  return mangled;
}
