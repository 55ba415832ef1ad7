import { readFileSync } from "node:fs";
import { PROCESSOR_NAMES, type ProcessorName } from "../../src/domain/processor.ts";
import { makeScenario } from "../../test/simulation/scenario.ts";
import {
  makeSchedule,
  type Schedule,
  type ScheduleKind,
  type Segment,
} from "../../test/simulation/schedule.ts";

/** What one run plays. */
export interface Plan {
  /** For people, with what repeats it. */
  readonly description: string;
  readonly seconds: number;
  readonly users: number;
  readonly amountCents: number;
  readonly feeShares: Readonly<Record<ProcessorName, number>>;
  readonly schedule: Schedule;
}

export interface PlanWishes {
  readonly seed: number | null;
  readonly kind: ScheduleKind | null;
  readonly file: string | null;
  readonly users: number | null;
  readonly seconds: number | null;
}

const REHEARSAL = {
  seconds: 60,
  users: 550,
  amountCents: 19_90,
  feeShares: { default: 0.05, fallback: 0.15 },
} as const;

/** Shorter runs would leave no time for a stage, longer ones are no challenge any more. */
const RANDOM_SECONDS_MAX = 300;

/**
 * The published rehearsal, or another schedule: from a file, or made from a seed. A seed gives schedule, length (one
 * to five minutes), users (50 to 600) and fees; the load ramps in each. `users` and `seconds` win over all.
 */
export function makePlan({ seed, kind, file, users, seconds }: PlanWishes): Plan {
  const plan =
    file !== null ? planOfFile(file) : seed !== null ? planOfSeed(seed, kind, seconds) : rehearsal(seconds);
  return { ...plan, users: users ?? plan.users };
}

function rehearsal(seconds: number | null): Plan {
  return {
    ...REHEARSAL,
    description: "the published schedule",
    seconds: seconds ?? REHEARSAL.seconds,
    schedule: makeSchedule("published", REHEARSAL.seconds * 1_000, () => 0),
  };
}

function planOfSeed(seed: number, kind: ScheduleKind | null, seconds: number | null): Plan {
  const durationMaxMs = (seconds ?? RANDOM_SECONDS_MAX) * 1_000;
  const scenario = makeScenario(seed, { kind: kind ?? undefined, durationMaxMs });
  const { durationMs, users, amountCents, feeShares, schedule } = scenario;
  const description = `seed ${seed}, schedule "${scenario.kind}"`;
  return { description, seconds: durationMs / 1_000, users, amountCents, feeShares, schedule };
}

/** One line of a schedule file: from this second on. */
interface FileStage {
  readonly atSeconds: number;
  readonly default: { readonly delayMs: number; readonly failing: boolean };
  readonly fallback: { readonly delayMs: number; readonly failing: boolean };
}

/**
 * Reads `{"seconds": 60, "users": 550, "amountCents": 1990, "feeShares": {…}, "stages": [{"atSeconds": 0, "default":
 * {"delayMs": 0, "failing": false}, "fallback": {…}}, …]}`; everything but `stages` may be left out.
 */
function planOfFile(file: string): Plan {
  // The reader's own file; a stage without its fields is refused below.
  const given = JSON.parse(readFileSync(file, "utf8")) as Partial<Plan> & { readonly stages?: FileStage[] };
  const stages = given.stages ?? [];
  if (stages[0]?.atSeconds !== 0)
    throw new Error(`${file}: expected "stages", the first with "atSeconds": 0`);
  const segmentsOf = (name: ProcessorName): Segment[] =>
    stages.map((stage) => {
      const { delayMs, failing } = stage[name] ?? {};
      if (typeof delayMs !== "number" || typeof failing !== "boolean") {
        throw new Error(
          `${file}: expected "${name}": {"delayMs": number, "failing": boolean} in every stage`,
        );
      }
      return { fromMs: stage.atSeconds * 1_000, delayMs, failing };
    });
  const [ours, theirs] = PROCESSOR_NAMES.map(segmentsOf);
  const { seconds, users, amountCents, feeShares } = { ...REHEARSAL, ...given };
  return {
    description: `the schedule of ${file}`,
    seconds,
    users,
    amountCents,
    feeShares,
    schedule: { default: ours ?? [], fallback: theirs ?? [] },
  };
}
