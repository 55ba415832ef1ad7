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

export interface ScenarioLimits {
  readonly kind?: ScheduleKind | undefined;
  readonly usersMax?: number;
  readonly durationMaxMs?: number;
  readonly graceMs?: number | undefined;
}

/** The scenario of a seed; the kind of schedule goes round with the seed unless one is named. */
export function makeScenario(seed: number, limits: ScenarioLimits = {}): Scenario {
  const random = seededRandom(Math.imul(seed, 0x9e3779b1) ^ 0x5bd1e995);
  const kind = limits.kind ?? pick(random, SCHEDULE_KINDS);
  const durationMaxMs = limits.durationMaxMs ?? 300_000;
  const wantedMs = kind === "published" ? 60_000 : pick(random, [60_000, 60_000, 90_000, 120_000, 300_000]);
  const durationMs = Math.min(wantedMs, durationMaxMs);
  const replicas = pick(random, [1, 2, 3, 3, 3]);
  const isFaulty = random() < 0.3;
  const crashCount = random() < 0.25 ? 1 + Math.floor(random() * 2) : 0;
  return {
    seed,
    kind,
    feeShares: pick(random, FEE_PAIRS),
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
    lostAnswerShare: isFaulty ? between(random, 0, 0.003) : 0,
    resetShare: isFaulty ? between(random, 0, 0.005) : 0,
    crashes: Array.from({ length: crashCount }, () => ({
      replica: Math.floor(random() * replicas),
      atMs: between(random, 1_000, durationMs),
      downMs: between(random, 300, 2_000),
    })),
  };
}
