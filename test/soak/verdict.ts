import { SLOPE_MINUTES_MIN, SOAK_LIMITS, type SoakLimit } from "./limits.ts";
import { fitLine, type Line } from "./regression.ts";
import type { BoundedRows, Sample } from "./sampler.ts";

/** What a soak came to, apart from its samples. */
export interface SoakOutcome {
  readonly wantedPerSecond: number;
  readonly sent: number;
  readonly givenUp: number;
  readonly busy: number;
  readonly unexpected: number;
  readonly warmUpMinutes: number;
  /** Rows that the retention settings allow at most. */
  readonly rowsMax: Pick<BoundedRows, "idempotencyRecords" | "topicMessages">;
  /** Seconds until nothing was left to do; null if that did not come. */
  readonly drainSeconds: number | null;
  readonly auditCode: number;
  readonly exitCode: number | null;
  readonly memoryKills: number;
}

export interface Finding {
  readonly what: string;
  readonly measured: string;
  readonly limit: string;
  /** Null: too short a run to say. */
  readonly isKept: boolean | null;
}

/** Holds the samples of a soak against its limits. */
export function judge(samples: readonly Sample[], outcome: SoakOutcome): readonly Finding[] {
  const warm = samples.filter(({ minutes }) => minutes >= outcome.warmUpMinutes);
  const most = (of: (sample: Sample) => number, among = samples) => Math.max(0, ...among.map(of));
  const answered = Math.max(1, outcome.sent);
  const grown = (samples.at(-1)?.databaseMegabytes ?? 0) - (samples[0]?.databaseMegabytes ?? 0);
  return [
    atLeast(
      "rateShareMin",
      "requests sent, of those due",
      outcome.sent / (outcome.sent + outcome.givenUp),
      share,
    ),
    atMost("unexpectedAnswersMax", "unexpected answers", outcome.unexpected, whole),
    atMost("busyShareMax", "answers 503", outcome.busy / answered, share),
    atMost(
      "residentMegabytesMax",
      "RSS, the most",
      most(({ residentMegabytes }) => residentMegabytes),
      megabytes,
    ),
    atMost(
      "ownMegabytesMax",
      "memory of its own, the most",
      most(({ ownMegabytes }) => ownMegabytes),
      megabytes,
    ),
    ...slopes(warm),
    atMost(
      "walMegabytesMax",
      "WAL, the most",
      most(({ walMegabytes }) => walMegabytes),
      megabytes,
    ),
    constant(
      "intake log",
      samples.map(({ logMegabytes }) => logMegabytes),
    ),
    atMost(
      "queueDepthMax",
      "queue depth, the most",
      most(({ queueDepth }) => queueDepth),
      whole,
    ),
    atMost("bytesPerRequestMax", "bytes of the database per request", (grown * 2 ** 20) / answered, whole),
    atMost(
      "boundedRowsShareMax",
      "idempotency records, of what their retention allows",
      most(({ rows }) => rows.idempotencyRecords) / outcome.rowsMax.idempotencyRecords,
      share,
    ),
    atMost(
      "boundedRowsShareMax",
      "messages of topics, of what their retention allows",
      most(({ rows }) => rows.topicMessages) / outcome.rowsMax.topicMessages,
      share,
    ),
    atMost(
      "drainSecondsMax",
      "seconds until all is done",
      outcome.drainSeconds ?? Number.POSITIVE_INFINITY,
      whole,
    ),
    exactly("audit", outcome.auditCode, "the books agree"),
    exactly("exit code after SIGTERM", outcome.exitCode, "0"),
    exactly("killed for its memory", outcome.memoryKills, "never"),
  ];
}

/** The line through a figure of the warm samples, per hour; null if they are too few. */
export function slopePerHour(samples: readonly Sample[], of: (sample: Sample) => number): Line | null {
  return fitLine(samples.map((sample) => [sample.minutes / 60, of(sample)]));
}

function slopes(warm: readonly Sample[]): Finding[] {
  const minutes = (warm.at(-1)?.minutes ?? 0) - (warm[0]?.minutes ?? 0);
  const isLongEnough = minutes >= SLOPE_MINUTES_MIN;
  const finding = (limit: SoakLimit, what: string, unit: string, of: (sample: Sample) => number): Finding => {
    const line = slopePerHour(warm, of);
    const max = SOAK_LIMITS[limit].value;
    if (line === null) return { what, measured: "too few samples", limit: `≤ ${max}`, isKept: null };
    const error = 2 * line.slopeError;
    return {
      what,
      measured: `${line.slope.toFixed(2)} ± ${error.toFixed(2)} ${unit}`,
      limit: `≤ ${max}`,
      // Broken is what is above the limit beyond doubt; a short run has more doubt.
      isKept: isLongEnough ? line.slope - error <= max : null,
    };
  };
  return [
    finding("ownSlopeMax", "memory of its own, slope", "MB/h", ({ ownMegabytes }) => ownMegabytes),
    finding("p50SlopeMax", "p50, slope", "ms/h", ({ p50Ms }) => p50Ms),
    finding("p99SlopeMax", "p99, slope", "ms/h", ({ p99Ms }) => p99Ms),
  ];
}

const whole = (value: number) => (Number.isFinite(value) ? value.toFixed(0) : "never");
const megabytes = (value: number) => `${value.toFixed(1)} MB`;
const share = (value: number) => `${(value * 100).toFixed(2)} %`;

function atMost(limit: SoakLimit, what: string, value: number, show: (value: number) => string): Finding {
  const max = SOAK_LIMITS[limit].value;
  return { what, measured: show(value), limit: `≤ ${show(max)}`, isKept: value <= max };
}

function atLeast(limit: SoakLimit, what: string, value: number, show: (value: number) => string): Finding {
  const min = SOAK_LIMITS[limit].value;
  return { what, measured: show(value), limit: `≥ ${show(min)}`, isKept: value >= min };
}

function constant(what: string, values: readonly number[]): Finding {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return {
    what,
    measured: `${least.toFixed(2)} to ${most.toFixed(2)} MB`,
    limit: "constant",
    isKept: least === most,
  };
}

/** 0 is well. */
function exactly(what: string, code: number | null, limit: string): Finding {
  return { what, measured: code === 0 ? limit : String(code ?? "killed"), limit, isKept: code === 0 };
}
