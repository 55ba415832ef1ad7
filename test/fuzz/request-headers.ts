import { wholeBetween } from "../e2e/seed.ts";
import { pick } from "../simulation/seeded-random.ts";
import type { Operation } from "./api-document.ts";

/** The administrator's token of the gateway under test. */
export const ADMIN_TOKEN = "the-token-of-the-fuzzer";

/** Header lines for a request, strange ones among them. @param wildness the share of what is wrong on purpose */
export function makeHeaders(
  random: () => number,
  { parameters, isForeign }: Operation,
  hasBody: boolean,
  wildness: number,
): string[] {
  const lines: string[] = [];
  if (hasBody) lines.push(`Content-Type: ${random() < wildness / 3 ? hostileMediaType(random) : JSON_TYPE}`);
  const has = (name: string) => parameters.some((parameter) => parameter.name === name);
  if (has("Idempotency-Key") && random() < 0.4) lines.push(`Idempotency-Key: ${makeKey(random, wildness)}`);
  if (has("Last-Event-ID") && random() < 0.5) lines.push(`Last-Event-ID: ${pick(random, HEADER_TEXTS)}`);
  if (random() < 0.9) {
    lines.push(`Authorization: Bearer ${ADMIN_TOKEN}`);
  }
  if (isForeign && random() < 0.9) lines.push("X-Rinha-Token: 123");
  while (random() < wildness) {
    lines.push(`${pick(random, STRAY_HEADERS)}: ${pick(random, HEADER_TEXTS)}`);
  }
  return lines;
}

const JSON_TYPE = "application/json";

function hostileMediaType(random: () => number): string {
  return pick(random, [
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "multipart/form-data",
    "application/json; charset=utf-16",
    "APPLICATION/JSON",
    "application/problem+json",
    "application/octet-stream",
    "json",
    ";",
    "\xff",
    "a".repeat(3_000),
  ]);
}

function makeKey(random: () => number, wildness: number): string {
  if (random() < wildness) return pick(random, HEADER_TEXTS);
  // Few, so that they meet again, with the same body and with others.
  return pick(random, [`key-${wholeBetween(random, 1, 40)}`, `"quoted-${wholeBetween(random, 1, 9)}"`]);
}

const STRAY_HEADERS = [
  "Accept",
  "Accept-Encoding",
  "Content-Encoding",
  "Expect",
  "Range",
  "If-None-Match",
  "Cookie",
  "Origin",
  "X-Forwarded-For",
  "Forwarded",
  "X-Request-Id",
  "X-HTTP-Method-Override",
  "Idempotency-Key",
  "Last-Event-ID",
  "Authorization",
  "Sec-Fetch-Site",
  "Referer",
  "__proto__",
];

const HEADER_TEXTS = [
  "",
  " ",
  "x",
  '""',
  '"',
  "*/*",
  "text/html",
  "text/event-stream",
  "gzip",
  "identity",
  "100-continue",
  "bytes=0-0,5-",
  "null",
  "http://evil.example",
  "127.0.0.1, 127.0.0.1",
  "a".repeat(255),
  "a".repeat(256),
  "a".repeat(5_000),
  "\xc3\xa9\xff",
  "\t\t",
  "__proto__",
  "Bearer",
  "Bearer x",
  "Basic eDp5",
  "0-99999999999999999999",
  "0.999999999999999-1.0",
  "x-9007199254740993",
  "%00%ff",
  "{}",
];
