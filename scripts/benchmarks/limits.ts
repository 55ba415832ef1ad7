import { ControlGroup } from "../challenge/control-group.ts";
import { usageOf } from "../challenge/process-usage.ts";
import { type Effort, type Family, type Outcome, repeat } from "./family.ts";
import { type Held, highestRate } from "./highest-rate.ts";
import { limitsOutcome } from "./limits-outcome.ts";
import { pacedLoad } from "./load.ts";
import { type Running, settledCount, withGateway } from "./processes.ts";

/**
 * One replica in a control group of its own, as a container of the challenge has; load and processors outside. First the
 * highest even rate that it holds, then more than that, then that again.
 */
export const LIMITS = { cpus: 0.4, memoryMb: 80, p99Ms: 10 } as const;
const CONNECTIONS = 64;
/** Everything accepted has to be settled so soon after the load for its rate to count as held. */
const SETTLE_MS_MAX = 30_000;
const SETTLE_LOOK_MS = 100;
const LOWEST_RATE = 20;
/**
 * What is offered, in this order: multiples of the held rate. A few connections keep the excess with their clients, as a
 * balancer's do; many clients with a connection each bring it here, and get to hear that it is too much.
 */
export const STEPS = [
  { factor: 1, connections: CONNECTIONS, seconds: 1 },
  { factor: 1.5, connections: CONNECTIONS, seconds: 1 },
  { factor: 3, connections: CONNECTIONS, seconds: 1 },
  { factor: 5, connections: 2000, seconds: 2.5 },
  { factor: 1, connections: CONNECTIONS, seconds: 1 },
] as const;

/** What became of one rate. */
export interface LimitStep extends Held {
  readonly perSecond: number;
  readonly acceptedShare: number;
  readonly refusedShare: number;
  readonly otherShare: number;
  readonly refusedP99Ms: number | null;
  /** Until everything accepted was settled; null: not within ten seconds, or the process is gone. */
  readonly settledMs: number | null;
}

export interface LimitRound {
  readonly steps: readonly LimitStep[];
  readonly isAlive: boolean;
  readonly peakMb: number;
  /** With the file pages that the group's limit counts; null where it cannot be seen. */
  readonly chargedMb: number | null;
  readonly memoryKills: number;
}

export const limits: Family = {
  name: "limits",
  about: `what a replica holds in ${LIMITS.cpus} CPU and ${LIMITS.memoryMb} MB, and what it answers past that`,
  seconds: 210,
  run: async (effort) => {
    const probe = ControlGroup.make(`catraca-bench-${process.pid}-probe`, groupLimits());
    if (probe.kind === "refused") return notMeasured(probe.reason);
    probe.group.remove();
    const found = await limited((gateway) => findRate(gateway, effort));
    // Where nothing is held, what happens past that is still to be seen.
    const base = found.rate === 0 ? LOWEST_RATE : found.rate;
    const rounds = await repeat(effort, () => limited((gateway) => stress(gateway, base, effort)));
    return limitsOutcome(found.rate, found.tried, rounds);
  },
};

function groupLimits() {
  return { cpus: LIMITS.cpus, memoryBytes: LIMITS.memoryMb * 2 ** 20 };
}

function notMeasured(reason: string): Outcome {
  const rows = [[`no control group could be made: ${reason}`]];
  return { figures: [], tables: [{ title: "Limits", about: "", columns: ["not measured"], rows }] };
}

async function limited<T>(run: (gateway: Running) => Promise<T>): Promise<T> {
  const made = ControlGroup.make(`catraca-bench-${process.pid}`, groupLimits());
  if (made.kind === "refused") throw new Error(made.reason);
  try {
    return await withGateway(run, {}, { wrap: (command) => made.group.wrap(command) });
  } finally {
    made.group.remove();
  }
}

async function findRate(gateway: Running, { isQuick, seconds, say }: Effort) {
  const settings = isQuick ? { fromPerSecond: 200, precision: 1.5 } : { fromPerSecond: 250, precision: 1.05 };
  await offer(gateway, settings.fromPerSecond, CONNECTIONS, 2);
  return highestRate(settings, LIMITS.p99Ms, async (perSecond) => {
    const step = await offer(gateway, perSecond, CONNECTIONS, seconds);
    say(
      `${perSecond}/s: p99 ${step.p99Ms.toFixed(1)} ms, ${Math.round(step.acceptedShare * 100)} % accepted`,
    );
    return step;
  });
}

async function stress(gateway: Running, heldRate: number, { seconds }: Effort): Promise<LimitRound> {
  // What runs for the first time is slow.
  await offer(gateway, heldRate, CONNECTIONS, 2);
  const steps: LimitStep[] = [];
  for (const step of STEPS) {
    const perSecond = Math.round(heldRate * step.factor);
    steps.push(await offer(gateway, perSecond, step.connections, seconds * step.seconds));
  }
  const { peakMegabytes, peakChargedMegabytes, memoryKills } = usageOf("", [gateway.pid]);
  const isAlive = (await settledNow(gateway)) !== null;
  return { steps, isAlive, peakMb: peakMegabytes, chargedMb: peakChargedMegabytes, memoryKills };
}

async function offer(
  gateway: Running,
  perSecond: number,
  connections: number,
  seconds: number,
): Promise<LimitStep> {
  const known = (await settledNow(gateway)) ?? 0;
  const load = { url: `${gateway.url}/payments`, connections, seconds, perSecond };
  const { due, answers, p99Ms, refusedP99Ms } = await pacedLoad(load);
  const settledMs = await untilCalm(gateway, known + answers.accepted);
  return {
    perSecond,
    p99Ms,
    isAllAccepted: answers.accepted === due,
    isSettled: settledMs !== null,
    acceptedShare: answers.accepted / due,
    refusedShare: answers.refused / due,
    otherShare: (answers.unexpected + answers.unanswered) / due,
    refusedP99Ms,
    settledMs,
  };
}

/** Waits until at least so many are settled. What was accepted without its answer having been seen may be more. */
async function untilCalm(gateway: Running, count: number): Promise<number | null> {
  const startedAt = performance.now();
  while (performance.now() - startedAt < SETTLE_MS_MAX) {
    const settled = await settledNow(gateway);
    if (settled !== null && settled >= count) return performance.now() - startedAt;
    await Bun.sleep(SETTLE_LOOK_MS);
  }
  return null;
}

/** Null if the process does not answer any more. */
async function settledNow({ url }: Running): Promise<number | null> {
  try {
    return await settledCount(url);
  } catch {
    return null;
  }
}
