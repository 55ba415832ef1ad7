/** `scripts/generate-payments`: a data directory with settled payments. */
import { parseArgs } from "node:util";
import { generateDirectory } from "./generated-directory.ts";

const USAGE = `Makes a data directory with settled payments, as the gateway would have stored them.

  scripts/generate-payments --count N --data-dir DIRECTORY

  --count N        how many payments, up to 100,000,000
  --data-dir D     where; made if missing, must not have a database
  --seed S         the same seed makes the same payments (default 1)
  --days D         over how many days before now they are spread (default 30)

A gateway starts on it: dist/catraca --data-dir DIRECTORY. Ten million take a few minutes and about 1.5 GB.`;

const COUNT_MAX = 100_000_000;
const SEED_MAX = 2 ** 31 - 1;
const DAYS_MAX = 3650;
const PROGRESS_MS = 1000;

const FLAGS = {
  count: { type: "string" },
  "data-dir": { type: "string" },
  seed: { type: "string", default: "1" },
  days: { type: "string", default: "30" },
  help: { type: "boolean", short: "h", default: false },
} as const;

try {
  run();
} catch (error) {
  console.error(`generate-payments: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 2;
}

function run(): void {
  const { values } = parseArgs({ args: process.argv.slice(2), options: FLAGS });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const dataDir = values["data-dir"];
  if (dataDir === undefined || dataDir === "") throw new Error("--data-dir is missing; see --help");
  const count = whole("--count", values.count, 1, COUNT_MAX);
  const seed = whole("--seed", values.seed, 0, SEED_MAX);
  const days = whole("--days", values.days, 1, DAYS_MAX);
  const isTerminal = process.stderr.isTTY;
  let toldAt = performance.now();
  const startedAt = toldAt;
  const made = generateDirectory(dataDir, { count, seed, days, lastAtMs: Date.now() }, (written) => {
    if (performance.now() - toldAt < PROGRESS_MS) return;
    toldAt = performance.now();
    const perSecond = written / ((toldAt - startedAt) / 1000);
    const rest = Math.ceil((count - written) / perSecond);
    const line = `${grouped(written)} of ${grouped(count)} payments, ${grouped(Math.round(perSecond))}/s, ${rest} s to go`;
    process.stderr.write(isTerminal ? `\r${line}  ` : `${line}\n`);
  });
  if (isTerminal) process.stderr.write("\r");
  console.log(
    `${grouped(count)} payments in ${dataDir}: ${made.seconds.toFixed(1)} s, ${(made.bytes / 1e6).toFixed(1)} MB, ` +
      `${(made.bytes / count).toFixed(0)} bytes per payment, seed ${seed}`,
  );
}

function whole(flag: string, text: string | undefined, min: number, max: number): number {
  const value = text !== undefined && /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new Error(
    `${flag}: expected a whole number from ${grouped(min)} to ${grouped(max)}, got ${text ?? "nothing"}`,
  );
}

function grouped(value: number): string {
  return value.toLocaleString("en-US");
}
