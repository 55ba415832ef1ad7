import { summaryOf } from "../../test/e2e/client.ts";
import { bestInHindsight } from "../../test/simulation/hindsight.ts";
import { makeScenario } from "../../test/simulation/scenario.ts";
import { ConsistencyCheck } from "./consistency.ts";
import type { Plan } from "./plan.ts";
import type { Usage } from "./process-usage.ts";
import type { ProcessorPair } from "./processor-pair.ts";
import { percentile, type Score, scoreOf } from "./score.ts";
import { VirtualUsers } from "./virtual-users.ts";

/** What happened in one run. */
export interface MatchResult {
  readonly score: Score;
  readonly requests: number;
  readonly accepted: number;
  readonly processed: Readonly<Record<"default" | "fallback", number>>;
  readonly failures: Readonly<Record<string, number>>;
  readonly p50Ms: number;
  readonly maxMs: number;
  readonly checks: number;
  readonly inconsistencies: readonly string[];
  /** Profit that nobody can exceed who knows schedule and load beforehand. */
  readonly bestProfit: number;
  /** Ids that are in both books once everything accepted has ended. */
  readonly chargedTwice: number;
  /** Accepted, and in neither book when everything should have ended. */
  readonly lost: number;
  readonly drainSeconds: number | null;
  readonly usage: readonly Usage[];
}

export interface MatchParts {
  readonly url: string;
  readonly processors: ProcessorPair;
  readonly plan: Plan;
  readonly usage: () => readonly Usage[];
  /** Called when half the time is over. */
  readonly atHalf: () => Promise<void>;
  /** Whether what is accepted is meant to be charged at all; false for the yardstick. */
  readonly isCharging: boolean;
}

/** The totals at the end are read over the time of the test and this much before. */
const BEFORE_MS = 10_000;
/** How long everything accepted may take to end once both processors work. */
const DRAIN_SECONDS_MAX = 60;

/** Plays the plan: purge, load with stages and checks, the final reading, then the audit of every id. */
export async function playMatch(parts: MatchParts): Promise<MatchResult> {
  const { url, processors, plan } = parts;
  await processors.heal();
  await processors.purge();
  await purge(url);
  const feeShares = await processors.feeShares();
  await processors.prepare(plan.schedule);
  const usedBefore = new Map(parts.usage().map(({ name, cpuSeconds }) => [name, cpuSeconds]));

  const users = new VirtualUsers(url, plan);
  const check = new ConsistencyCheck(url, processors, users);
  processors.play(plan.schedule);
  const half = Bun.sleep(plan.seconds * 500).then(parts.atHalf);
  await users.run();
  const readAtMs = Date.now();
  const window = {
    from: new Date(readAtMs - plan.seconds * 1_000 - BEFORE_MS).toISOString(),
    to: new Date(readAtMs).toISOString(),
  };
  const processed = await summaryOf(url, window);
  await Promise.all([check.stop(), half]);
  const usage = parts
    .usage()
    .map((now) => ({ ...now, cpuSeconds: now.cpuSeconds - (usedBefore.get(now.name) ?? 0) }));

  await processors.heal();
  const audit = parts.isCharging
    ? await auditCharges(processors, users)
    : { chargedTwice: 0, lost: 0, drainSeconds: 0 };
  const durationsMs = users.durationsMs;
  const accepted = users.acceptedAtMs.size;
  const inconsistencies = check.inconsistencies;
  const outcome = { accepted, processed, feeShares, inconsistencies: inconsistencies.length, durationsMs };
  return {
    score: scoreOf(outcome),
    requests: durationsMs.length,
    accepted,
    processed: { default: processed.default.count, fallback: processed.fallback.count },
    failures: Object.fromEntries(users.failures),
    p50Ms: percentile(durationsMs, 0.5),
    maxMs: percentile(durationsMs, 1),
    checks: check.checks,
    inconsistencies,
    bestProfit: bestProfit({ ...plan, feeShares }, [...users.acceptedAtMs.values()]),
    usage,
    ...audit,
  };
}

/** Both spellings: the challenge's own files do not agree on one. */
async function purge(url: string): Promise<void> {
  for (const path of ["/purge-payments", "/payments-purge"]) {
    const response = await fetch(`${url}${path}`, { method: "POST" });
    if (response.ok) return;
  }
  console.warn(`${url} answers neither /purge-payments nor /payments-purge; earlier payments may count`);
}

/** Waits until every accepted payment is in a book, then looks for every id that was ever sent in both. */
async function auditCharges(processors: ProcessorPair, users: VirtualUsers) {
  const startedAt = performance.now();
  let missing = [...users.acceptedAtMs.keys()];
  let drainSeconds: number | null = null;
  for (;;) {
    const charges = await processors.charges(missing);
    missing = missing.filter((id) => charges.get(id) === 0);
    const seconds = (performance.now() - startedAt) / 1_000;
    if (missing.length === 0) drainSeconds = seconds;
    if (drainSeconds !== null || seconds > DRAIN_SECONDS_MAX) break;
    await Bun.sleep(500);
  }
  const all = await processors.charges(users.sent);
  const chargedTwice = [...all.values()].filter((books) => books > 1).length;
  return { chargedTwice, lost: missing.length, drainSeconds };
}

/** The bound of the simulation, for three replicas; in currency units. */
function bestProfit(plan: Plan, acceptedAtMs: readonly number[]): number {
  const scenario = {
    // Everything that is not of this run is as the simulation has it for a run without faults.
    ...makeScenario(1, { kind: "published", graceMs: 1_000 }),
    feeShares: plan.feeShares,
    durationMs: plan.seconds * 1_000,
    maxHoldMs: 30_000,
    replicas: 3,
    schedule: plan.schedule,
    crashes: [],
  };
  const inOrder = [...acceptedAtMs].sort((one, other) => one - other);
  return (bestInHindsight(scenario, inOrder) * plan.amountCents) / 100;
}
