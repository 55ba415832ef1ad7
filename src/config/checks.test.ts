import { describe, expect, test } from "bun:test";
import { loadSettings } from "./load.ts";

function problemsOf(environment: Record<string, string>): readonly string[] {
  const loaded = loadSettings([], environment);
  return loaded.ok ? [] : loaded.problems;
}

test("the bank's shortest delay is at most its longest", () => {
  expect(problemsOf({ BANK_DELAY_MIN_SECONDS: "2", BANK_DELAY_MAX_SECONDS: "2" })).toEqual([]);
  expect(problemsOf({ BANK_DELAY_MIN_SECONDS: "2", BANK_DELAY_MAX_SECONDS: "1" })).toEqual([
    "BANK_DELAY_MIN_SECONDS: expected at most BANK_DELAY_MAX_SECONDS (1), got 2.",
  ]);
});

test("the mock gateway's shares sum to 1, counted exactly", () => {
  const shares = (ok: string, error: string, late: string) => ({
    MOCK_GATEWAY_OK_SHARE: ok,
    MOCK_GATEWAY_ERROR_SHARE: error,
    MOCK_GATEWAY_LATE_SHARE: late,
  });
  // In doubles 0.7 + 0.1 + 0.2 is not 1.
  expect(problemsOf(shares("0.7", "0.1", "0.2"))).toEqual([]);
  expect(problemsOf(shares("1", "0", "0"))).toEqual([]);
  expect(problemsOf(shares("0.65", "0.25", "0.100001"))).toEqual([
    "MOCK_GATEWAY_OK_SHARE, MOCK_GATEWAY_ERROR_SHARE, MOCK_GATEWAY_LATE_SHARE: expected a sum of 1, got 1.000001 (0.65 + 0.25 + 0.100001).",
  ]);
});

test("both processors or none: a real payment must not end at a built-in processor", () => {
  const names = "PAYMENT_PROCESSOR_DEFAULT, PAYMENT_PROCESSOR_FALLBACK";
  expect(problemsOf({ PAYMENT_PROCESSOR_DEFAULT: "http://a" })).toEqual([
    `${names}: expected both or none, got only DEFAULT.`,
  ]);
  expect(problemsOf({ PAYMENT_PROCESSOR_FALLBACK: "http://a" })).toEqual([
    `${names}: expected both or none, got only FALLBACK.`,
  ]);
  expect(
    problemsOf({ PAYMENT_PROCESSOR_DEFAULT: "http://a", PAYMENT_PROCESSOR_FALLBACK: "http://b" }),
  ).toEqual([]);
});

test("the processors are two services, however their address is written", () => {
  expect(
    problemsOf({ PAYMENT_PROCESSOR_DEFAULT: "http://A:80/", PAYMENT_PROCESSOR_FALLBACK: "http://a" }),
  ).toEqual([
    "PAYMENT_PROCESSOR_DEFAULT, PAYMENT_PROCESSOR_FALLBACK: expected two different services, got the same address for both.",
  ]);
});

describe("no upstream is the gateway itself", () => {
  const OWN = "expected the address of another service, got this gateway's own";
  const pair = { PAYMENT_PROCESSOR_DEFAULT: "http://127.0.0.1:9999", PAYMENT_PROCESSOR_FALLBACK: "http://b" };

  test("as a processor, card gateway or payment gateway", () => {
    expect(problemsOf(pair)).toEqual([`PAYMENT_PROCESSOR_DEFAULT: ${OWN} (http://127.0.0.1:9999).`]);
    expect(problemsOf({ PAYMENTS_URL: "http://localhost:9999/x" })).toHaveLength(1);
    expect(problemsOf({ PAYMENT_GATEWAY_URL: "http://LOCALHOST:9999" })).toHaveLength(1);
  });

  test.each([
    [{ HOST: "0.0.0.0", PAYMENTS_URL: "http://127.0.0.1:9999" }, 1],
    [{ HOST: "::", PAYMENTS_URL: "http://[::1]:9999" }, 1],
    [{ HOST: "10.0.0.1", PAYMENTS_URL: "http://10.0.0.1:9999" }, 1],
    [{ HOST: "0.0.0.0", PORT: "80", PAYMENTS_URL: "http://localhost" }, 1],
    [{ PORT: "8080", PAYMENTS_URL: "http://127.0.0.1:9999" }, 0],
    [{ HOST: "10.0.0.1", PAYMENTS_URL: "http://127.0.0.1:9999" }, 0],
    [{ PAYMENTS_URL: "http://10.0.0.1:9999" }, 0],
    // Where it will listen is not known yet, or it is no port at all.
    [{ PORT: "0", PAYMENTS_URL: "http://127.0.0.1" }, 0],
    [{ SOCKET: "/run/s", PAYMENTS_URL: "http://127.0.0.1:9999" }, 0],
    // The simulated payment gateway is served at the own port on purpose.
    [{ PAYMENT_GATEWAY_URL: "http://127.0.0.1:9999/mock-gateway" }, 0],
    [{ PAYMENT_GATEWAY_URL: "http://127.0.0.1:9999/api/v1/mock-gateway" }, 0],
  ])("%p: %i problems", (environment, count) => {
    expect(problemsOf(environment)).toHaveLength(count);
  });
});

test("a card gateway's token needs its address", () => {
  expect(problemsOf({ PAYMENTS_TOKEN: "t" })).toHaveLength(1);
  expect(problemsOf({ PAYMENTS_URL: "http://a" })).toEqual([]);
  expect(problemsOf({ PAYMENTS_TOKEN: "t", PAYMENTS_URL: "http://a" })).toEqual([]);
});

test("an administrator's token is not undone by ADMIN_OPEN", () => {
  expect(problemsOf({ ADMIN_TOKEN: "t", ADMIN_OPEN: "true" })).toHaveLength(1);
  expect(problemsOf({ ADMIN_TOKEN: "t", ADMIN_OPEN: "false" })).toEqual([]);
  expect(problemsOf({ ADMIN_OPEN: "true" })).toEqual([]);
});

test("a unix socket's path fits into its address", () => {
  expect(problemsOf({ SOCKET: `/${"s".repeat(106)}` })).toEqual([]);
  expect(problemsOf({ SOCKET: `/${"s".repeat(107)}` })).toEqual([
    "SOCKET: expected an absolute path of at most 107 bytes, got 108.",
  ]);
});

test("a rule is silent about a value that was refused already", () => {
  expect(problemsOf({ BANK_DELAY_MIN_SECONDS: "60", BANK_DELAY_MAX_SECONDS: "soon" })).toHaveLength(1);
});

test("streams need a Redis to be in", () => {
  expect(problemsOf({ TOPIC_STREAMS: "true", REDIS_URL: "redis://a" })).toEqual([]);
  expect(problemsOf({ TOPIC_STREAMS: "true" })).toEqual([
    "TOPIC_STREAMS: expected REDIS_URL beside it, got none; the streams are Redis'.",
  ]);
});
