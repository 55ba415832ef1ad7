import type { ProcessorName } from "../../src/domain/processor.ts";
import { makeSchedule, SCHEDULE_KINDS, type Schedule, type ScheduleKind } from "./schedule.ts";
import { between, pick, seededRandom } from "./seeded-random.ts";

/** Everything that one run depends on; the same seed gives the same scenario. */
export interface Scenario {
  readonly seed: number;
  readonly kind: ScheduleKind;
  readonly feeShares: Readonly<Record<ProcessorName, number>>;
  readonly amountCents: number;
  readonly durationMs: number;
  /**
   * From the last payment to the reading of the totals. One second: a virtual user sleeps that long after its
   * last payment before it ends, and the totals are read when all have ended.
   */
  readonly graceMs: number;
  readonly maxHoldMs: number;
  readonly timeoutMs: number;
  readonly replicas: number;
  readonly inFlightMax: number;
  readonly users: number;
  /** ramp: from 1 to `users`; burst: all in step, once a second; spread: all the time evenly. */
  readonly load: "ramp" | "burst" | "spread";
  readonly schedule: Schedule;
  /** Shares of the calls whose answer never comes, and whose connection is reset. */
  readonly lostAnswerShare: number;
  readonly resetShare: number;
  /** How often a processor's health is asked, for all replicas together. */
  readonly healthIntervalMs: number;
  readonly crashes: readonly { readonly replica: number; readonly atMs: number; readonly downMs: number }[];
}

/** Shares of default and fallback: rehearsal, final, nearly equal, fallback cheaper, equal. */
const FEE_PAIRS = [
  { default: 0.05, fallback: 0.15 },
  { default: 0.07, fallback: 0.1 },
  { default: 0.03, fallback: 0.04 },
  { default: 0.15, fallback: 0.05 },
  { default: 0.08, fallback: 0.08 },
] as const;

/** What makes a kind what it is, besides its schedule. */
const FEES: { readonly [kind in ScheduleKind]?: Scenario["feeShares"] } = {
  final: { default: 0.07, fallback: 0.1 },
  swapped: { default: 0.15, fallback: 0.05 },
};
const DURATIONS_MS: { readonly [kind in ScheduleKind]?: number } = { published: 60_000, final: 300_000 };

export interface ScenarioLimits {
  readonly kind?: ScheduleKind | undefined;
  readonly usersMax?: number;
  readonly durationMaxMs?: number;
  readonly graceMs?: number | undefined;
  readonly healthIntervalMs?: number | undefined;
}

/** A processor allows one call per 5.0 to 5.1 s. */
const HEALTH_INTERVAL_MS = 5_100;

/** The scenario of a seed; the kind of schedule goes round with the seed unless one is named. */
export function makeScenario(seed: number, limits: ScenarioLimits = {}): Scenario {
  const random = seededRandom(Math.imul(seed, 0x9e3779b1) ^ 0x5bd1e995);
  const kind = limits.kind ?? pick(random, SCHEDULE_KINDS);
  const durationMaxMs = limits.durationMaxMs ?? 300_000;
  const wantedMs = DURATIONS_MS[kind] ?? pick(random, [60_000, 60_000, 90_000, 120_000, 300_000]);
  const durationMs = Math.min(wantedMs, durationMaxMs);
  const replicas = kind === "killed" ? 3 : pick(random, [1, 2, 3, 3, 3]);
  const isFaulty = random() < 0.3;
  const crashCount = kind === "killed" ? 1 : random() < 0.25 ? 1 + Math.floor(random() * 2) : 0;
  return {
    seed,
    kind,
    feeShares: FEES[kind] ?? pick(random, FEE_PAIRS),
    amountCents: Math.floor(between(random, 100, 10_000)),
    durationMs,
    graceMs: limits.graceMs ?? 1_000,
    maxHoldMs: pick(random, [30_000, 30_000, 30_000, 10_000]),
    timeoutMs: 10_000,
    replicas,
    inFlightMax: 256,
    users: Math.round(Math.min(50 * 12 ** random(), limits.usersMax ?? 600)),
    load: pick(random, ["ramp", "ramp", "spread", "burst"]),
    schedule: makeSchedule(kind, durationMs + 5_000, random),
    healthIntervalMs: limits.healthIntervalMs ?? HEALTH_INTERVAL_MS,
    lostAnswerShare: isFaulty ? between(random, 0, 0.003) : 0,
    resetShare: isFaulty ? between(random, 0, 0.005) : 0,
    crashes: Array.from({ length: crashCount }, () => ({
      replica: Math.floor(random() * replicas),
      atMs: between(random, 1_000, durationMs),
      // Longer than a lease, and the others take the work over.
      downMs: kind === "killed" ? pick(random, [2_000, 2_000, 5_000]) : between(random, 300, 2_000),
    })),
  };
}
