import { expect, test } from "bun:test";
import { closest } from "./closest.ts";
import { loadSettings } from "./load.ts";
import { SECTIONS, SETTINGS } from "./settings.ts";

test("the defaults are those of the contract", () => {
  const loaded = loadSettings([], {}, { machine: { hostname: "r1", workingDirectory: "/w" } });
  if (!loaded.ok) throw new Error(loaded.problems.join());
  expect(loaded.settings).toEqual({
    port: 9999,
    host: "127.0.0.1",
    socket: null,
    dispatchThreads: 1,
    shutdownSeconds: 10,
    logLevel: "info",
    rateLimitPerSecond: 0,
    rateLimitBurst: 100,
    trustedProxies: null,
    dataDir: "/w/data",
    databaseFile: "/w/data/catraca.db",
    replicaId: "r1",
    redisUrl: null,
    durability: "process",
    idempotencyTtlSeconds: 86_400,
    adminToken: null,
    adminOpen: false,
    paymentProcessorDefault: null,
    paymentProcessorFallback: null,
    maxHoldSeconds: 30,
    processorFeeDefault: 0.05,
    processorFeeFallback: 0.15,
    processorTimeoutSeconds: 10,
    paymentsUrl: null,
    paymentsToken: null,
    paymentsXApiVersion: "4.0",
    orderDuplicateWindowSeconds: 120,
    reservationTtlSeconds: 900,
    orderRetryBaseSeconds: 1,
    paymentsTimeoutSeconds: 10,
    topicRetentionSeconds: 604_800,
    topicRetentionMessages: 100_000,
    topicStreams: false,
    topicStreamEntries: 100_000,
    paymentGatewayUrl: null,
    gatewayTimeoutSeconds: 1,
    gatewayMaxAttempts: 3,
    gatewayBackoffBaseSeconds: 1,
    gatewayBackoffMaxSeconds: 30,
    gatewayBackoffJitterSeconds: 0.5,
    transactionFee: 2,
    mockGatewayOkShare: 0.65,
    mockGatewayErrorShare: 0.25,
    mockGatewayLateShare: 0.1,
    bankDelayMinSeconds: 3,
    bankDelayMaxSeconds: 25,
    bankApprovalRate: 0.8,
    longPollSeconds: 10,
  });
});

test("no name, alias or flag means two settings, and no name ends up in two sections", () => {
  const names = SETTINGS.flatMap(({ name, aliases, secret }) =>
    [name, ...aliases].flatMap((each) => (secret ? [each, `${each}_FILE`] : [each])),
  );
  expect(new Set(names).size).toBe(names.length);
  expect(SETTINGS).toHaveLength(Object.values(SECTIONS).flatMap((rows) => Object.keys(rows)).length);
});

test("every default is one that the setting itself would take", () => {
  for (const { name, defaultValue, parse } of SETTINGS) {
    if (defaultValue === null || typeof defaultValue === "function") continue;
    expect({ name, value: parse(String(defaultValue)) }).toEqual({ name, value: defaultValue });
  }
});

test("every row says in one sentence what it means", () => {
  for (const { meaning } of SETTINGS) expect(meaning).toMatch(/^[A-Z`].{10,110}\.$/);
});

test("a misspelt name finds its neighbour, and nonsense finds nothing", () => {
  const flags = SETTINGS.map(({ flag }) => flag);
  expect(closest("--hots", flags)).toBe("--host");
  expect(closest("--data_dir", flags)).toBe("--data-dir");
  expect(closest("--redis", flags)).toBe("--redis-url");
  expect(closest("--bank-delay-minimum-seconds", flags)).toBe("--bank-delay-min-seconds");
  expect(closest("--colour", flags)).toBeUndefined();
});
