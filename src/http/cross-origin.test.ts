import { expect, test } from "bun:test";
import { isFromAnotherOrigin } from "./cross-origin.ts";

const ask = (headers: Record<string, string>) => isFromAnotherOrigin(new Headers(headers));

test("a program is not: it says nothing of where it comes from", () => {
  expect(ask({})).toBe(false);
  expect(ask({ host: "pay.example.com" })).toBe(false);
});

test("our own page is not", () => {
  expect(ask({ "sec-fetch-site": "same-origin", origin: "http://a", host: "b" })).toBe(false);
  expect(ask({ "sec-fetch-site": "none" })).toBe(false);
  expect(ask({ origin: "http://127.0.0.1:9999", host: "127.0.0.1:9999" })).toBe(false);
  expect(ask({ origin: "https://pay.example.com", host: "pay.example.com" })).toBe(false);
});

test.each([
  { "sec-fetch-site": "cross-site" },
  { "sec-fetch-site": "same-site" },
  { "sec-fetch-site": "" },
  { origin: "https://elsewhere.example", host: "127.0.0.1:9999" },
  { origin: "http://127.0.0.1:8080", host: "127.0.0.1:9999" },
  { origin: "null", host: "127.0.0.1:9999" },
  { origin: "http://127.0.0.1:9999" },
])("a page of another origin is: %p", (headers) => {
  expect(ask(headers)).toBe(true);
});
