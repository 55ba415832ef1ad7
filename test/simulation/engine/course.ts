import { between, pick } from "../seeded-random.ts";
import { drawFaults, type FaultStrengths } from "./faults.ts";
import type { WorkloadRates } from "./workload.ts";

/** How a run goes, drawn from its seed: how long, how densely, with which faults. */
export interface Course {
  /**
   * 1: a dense run, in which commands, calls and faults meet within milliseconds. 100: everything comes a hundred times
   * as rarely and outages may last a hundred times as long, for what only time brings about: backoffs, expiry, leases
   * of replicas that stay away. So all runs have about as many events, in half a minute or in an hour.
   */
  readonly stretch: number;
  readonly replicas: number;
  readonly rates: WorkloadRates;
  readonly strengths: FaultStrengths;
  /** Of the phase with faults. */
  readonly safetyMs: number;
  /** R5: everything that was accepted ends within this time once nothing goes wrong any more. */
  readonly livenessMs: number;
  readonly waits: Waits;
  /** The replicas find no database and race for its making; else it is there, as after the first start. */
  readonly isFirstStart: boolean;
}

/** Settings that say how long something waits, s. */
export interface Waits {
  readonly reservationTtlSeconds: number;
  readonly orderRetryBaseSeconds: number;
  readonly gatewayBackoffBaseSeconds: number;
  readonly gatewayBackoffMaxSeconds: number;
}

const DENSE_SHARE = 0.4;
const STRETCH_MAX = 120;
const FIRST_START_SHARE = 0.1;
/** Longer than all that waits in a dense run. */
const LIVENESS_MS = 120_000;
/** An hour would be as good as a quarter of one, and all runs wait for it at their end. */
const RESERVATION_TTL_MAX_SECONDS = 900;
const GATEWAY_BACKOFF_MAX_SECONDS = 60;

/** @param strengths only these faults, for a look at some of them */
export function drawCourse(random: () => number, strengths?: FaultStrengths): Course {
  const stretch = random() < DENSE_SHARE ? 1 : Math.exp(between(random, 0, Math.log(STRETCH_MAX)));
  const reservationTtlSeconds = Math.min(RESERVATION_TTL_MAX_SECONDS, 15 * stretch);
  const gatewayBackoffMaxSeconds = Math.min(GATEWAY_BACKOFF_MAX_SECONDS, 4 * stretch);
  return {
    stretch,
    // Renewed leases are what a long run's time goes into, for each replica anew.
    replicas: pick(random, stretch === 1 ? [1, 2, 3, 3] : [1, 2, 2, 3]),
    rates: { payments: between(random, 1, 7) / stretch, others: between(random, 1, 5) / stretch },
    strengths: strengths ?? drawFaults(random, stretch),
    safetyMs: between(random, 8_000, 40_000) * stretch,
    livenessMs: LIVENESS_MS + 1000 * (reservationTtlSeconds + gatewayBackoffMaxSeconds),
    waits: {
      reservationTtlSeconds,
      orderRetryBaseSeconds: 0.5 * Math.sqrt(stretch),
      gatewayBackoffBaseSeconds: 0.3 * Math.sqrt(stretch),
      gatewayBackoffMaxSeconds,
    },
    isFirstStart: random() < FIRST_START_SHARE,
  };
}
