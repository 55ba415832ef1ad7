import { parseArgs } from "node:util";
import { SCHEDULE_KINDS, type ScheduleKind } from "../../test/simulation/schedule.ts";
import type { PlanWishes } from "./plan.ts";

export const USAGE = `Plays the Rinha de Backend 2025 and prints the score.

  scripts/rinha                            starts the set of compose.yml as limited processes, plays the published schedule
  scripts/rinha --compose                  starts compose.yml; the command is COMPOSE (default: docker compose)
  scripts/rinha --target URL               plays against what runs there already
      --processor-default URL --processor-fallback URL   its processors (default: ports 8001 and 8002 here)

What is played:
  --seed N            a random schedule, one to five minutes, 50 to 600 users; the same seed plays the same
  --kind KIND         with --seed: ${SCHEDULE_KINDS.join(", ")}
  --schedule FILE     a schedule from a JSON file (docs/operations.md shows one)
  --users N, --seconds N   instead of the schedule's own

What goes wrong:
  --kill-replica      kills one replica in the middle and starts it again two seconds later
  --kill-command C --start-command C   how, when the replicas were not started here

How it is run:
  --no-redis          replicas share the database alone
  --ports             nginx reaches the replicas through TCP instead of unix sockets
  --yardstick         servers of the same framework that validate and store nothing, in the place of catraca
  --no-build          with --compose: use the image that is there
  --json FILE         the result for programs, too

Exits 1 if a payment was lost or charged twice, or a summary differed.`;

export interface Options {
  readonly mode: "processes" | "compose" | "target";
  readonly target: string;
  readonly processorUrls: { readonly default: string; readonly fallback: string };
  readonly wishes: PlanWishes;
  readonly killReplica: boolean;
  readonly killCommand: string | null;
  readonly startCommand: string | null;
  readonly redis: boolean;
  readonly ports: boolean;
  readonly yardstick: boolean;
  readonly build: boolean;
  readonly json: string | null;
}

const FLAGS = {
  processes: { type: "boolean", default: false },
  compose: { type: "boolean", default: false },
  target: { type: "string" },
  "processor-default": { type: "string", default: "http://127.0.0.1:8001" },
  "processor-fallback": { type: "string", default: "http://127.0.0.1:8002" },
  seed: { type: "string" },
  kind: { type: "string" },
  schedule: { type: "string" },
  users: { type: "string" },
  seconds: { type: "string" },
  "kill-replica": { type: "boolean", default: false },
  "kill-command": { type: "string" },
  "start-command": { type: "string" },
  "no-redis": { type: "boolean", default: false },
  ports: { type: "boolean", default: false },
  yardstick: { type: "boolean", default: false },
  "no-build": { type: "boolean", default: false },
  json: { type: "string" },
  help: { type: "boolean", short: "h", default: false },
} as const;

/** Reads the command line; null for --help. Throws with a sentence for people. */
export function readOptions(args: readonly string[]): Options | null {
  const { values } = parseArgs({ args: [...args], options: FLAGS });
  if (values.help) return null;
  const mode = values.target !== undefined ? "target" : values.compose ? "compose" : "processes";
  const commands = [values["kill-command"], values["start-command"]].filter((given) => given !== undefined);
  if (commands.length === 1) throw new Error("--kill-command and --start-command go together");
  if (mode === "target" && values["kill-replica"] && commands.length === 0) {
    throw new Error("--target with --kill-replica needs --kill-command and --start-command");
  }
  return {
    mode,
    target: values.target ?? "",
    processorUrls: { default: values["processor-default"], fallback: values["processor-fallback"] },
    wishes: {
      seed: whole("--seed", values.seed),
      kind: kindOf(values.kind, values.seed),
      file: values.schedule ?? null,
      users: whole("--users", values.users),
      seconds: whole("--seconds", values.seconds),
    },
    killReplica: values["kill-replica"] || commands.length === 2,
    killCommand: values["kill-command"] ?? null,
    startCommand: values["start-command"] ?? null,
    redis: !values["no-redis"],
    ports: values.ports,
    yardstick: values.yardstick,
    build: !values["no-build"],
    json: values.json ?? null,
  };
}

function whole(flag: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  if (!/^\d{1,9}$/.test(text)) throw new Error(`${flag}: expected a whole number, got "${text}"`);
  return Number(text);
}

function kindOf(text: string | undefined, seed: string | undefined): ScheduleKind | null {
  if (text === undefined) return null;
  const kind = SCHEDULE_KINDS.find((name) => name === text);
  if (kind === undefined)
    throw new Error(`--kind: expected one of ${SCHEDULE_KINDS.join(", ")}, got "${text}"`);
  if (seed === undefined) throw new Error("--kind needs --seed, which the schedule is made from");
  return kind;
}
