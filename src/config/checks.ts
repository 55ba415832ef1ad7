/** Rules between settings: each value is fine by itself, together they cannot be meant. */
import { listensAt } from "./own-address.ts";
import type { SettingKey, Settings } from "./settings.ts";

interface Check {
  /** The check is skipped when one of these could not be read: its value is not the operator's. */
  readonly reads: readonly SettingKey[];
  readonly problem: (settings: Settings) => string | undefined;
}

/** Longest path that fits into a socket's address (sun_path, 108 bytes with its final NUL). */
const SOCKET_PATH_BYTES_MAX = 107;

const UPSTREAMS = {
  PAYMENT_PROCESSOR_DEFAULT: "paymentProcessorDefault",
  PAYMENT_PROCESSOR_FALLBACK: "paymentProcessorFallback",
  PAYMENTS_URL: "paymentsUrl",
  PAYMENT_GATEWAY_URL: "paymentGatewayUrl",
} as const satisfies Record<string, SettingKey>;

/** The gateway would take its own calls for new payments, answer them 2xx, and nothing would ever be charged. */
const LOOPS: readonly Check[] = Object.entries(UPSTREAMS).map(([name, key]) => ({
  reads: [key, "host", "port", "socket"],
  problem: (settings) => {
    const address = settings[key];
    return address !== null && listensAt(settings, address)
      ? `${name}: expected the address of another service, got this gateway's own (${address}).`
      : undefined;
  },
}));

const CHECKS: readonly Check[] = [
  ...LOOPS,
  {
    reads: ["bankDelayMinSeconds", "bankDelayMaxSeconds"],
    problem: ({ bankDelayMinSeconds: shortest, bankDelayMaxSeconds: longest }) =>
      shortest > longest
        ? `BANK_DELAY_MIN_SECONDS: expected at most BANK_DELAY_MAX_SECONDS (${longest}), got ${shortest}.`
        : undefined,
  },
  {
    reads: ["mockGatewayOkShare", "mockGatewayErrorShare", "mockGatewayLateShare"],
    problem: (settings) => {
      const shares = [
        settings.mockGatewayOkShare,
        settings.mockGatewayErrorShare,
        settings.mockGatewayLateShare,
      ];
      // Shares have at most six decimals: counted in millionths the sum is exact.
      const millionths = shares.reduce((sum, one) => sum + Math.round(one * 1e6), 0);
      return millionths === 1e6
        ? undefined
        : `MOCK_GATEWAY_OK_SHARE, MOCK_GATEWAY_ERROR_SHARE, MOCK_GATEWAY_LATE_SHARE: expected a sum of 1, got ${
            millionths / 1e6
          } (${shares.join(" + ")}).`;
    },
  },
  {
    reads: ["paymentProcessorDefault", "paymentProcessorFallback"],
    // With only one of them set, real payments would be "charged" at a built-in processor.
    problem: ({ paymentProcessorDefault: first, paymentProcessorFallback: second }) => {
      const names = "PAYMENT_PROCESSOR_DEFAULT, PAYMENT_PROCESSOR_FALLBACK";
      if ((first === null) !== (second === null)) {
        return `${names}: expected both or none, got only ${first === null ? "FALLBACK" : "DEFAULT"}.`;
      }
      // One service behind both names would be asked twice for one payment and counted twice.
      return first !== null && first === second
        ? `${names}: expected two different services, got the same address for both.`
        : undefined;
    },
  },
  {
    reads: ["paymentsUrl", "paymentsToken"],
    // A token says that a real card gateway is meant; without its address cards would go to the built-in one.
    problem: ({ paymentsUrl, paymentsToken }) =>
      paymentsToken !== null && paymentsUrl === null
        ? "PAYMENTS_TOKEN: expected PAYMENTS_URL beside it, got none; the built-in card gateway needs no token."
        : undefined,
  },
  {
    reads: ["adminToken", "adminOpen"],
    problem: ({ adminToken, adminOpen }) =>
      adminOpen && adminToken !== null
        ? "ADMIN_OPEN: expected false beside ADMIN_TOKEN, got true; it would let everybody in without the token."
        : undefined,
  },
  {
    reads: ["topicStreams", "redisUrl"],
    problem: ({ topicStreams, redisUrl }) =>
      topicStreams && redisUrl === null
        ? "TOPIC_STREAMS: expected REDIS_URL beside it, got none; the streams are Redis'."
        : undefined,
  },
  {
    reads: ["socket"],
    problem: ({ socket }) =>
      socket !== null && Buffer.byteLength(socket) > SOCKET_PATH_BYTES_MAX
        ? `SOCKET: expected an absolute path of at most ${SOCKET_PATH_BYTES_MAX} bytes, got ${Buffer.byteLength(socket)}.`
        : undefined,
  },
];

/** One message per rule that is broken. `unread` are the settings whose own value was refused. */
export function crossCheck(settings: Settings, unread: ReadonlySet<SettingKey>): readonly string[] {
  return CHECKS.filter((check) => !check.reads.some((key) => unread.has(key))).flatMap(
    (check) => check.problem(settings) ?? [],
  );
}
