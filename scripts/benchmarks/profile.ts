/** `scripts/profile`: CPU per accepted payment by thread, and what each thread spends it on. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { readProfile, topFunctions } from "./cpu-profile.ts";
import { shown } from "./figure.ts";
import { generateDirectory } from "./generated-directory.ts";
import { THREAD_ROLES } from "./process-figures.ts";
import { makeDirectory, PROJECT, removeDirectory, withGateway } from "./processes.ts";
import { DAYS } from "./profile-part.ts";
import { describeMachine, describeVersions } from "./results.ts";
import { type CpuPerPayment, measureCpu } from "./thread-cpu.ts";

const USAGE = `Tells where the microseconds of a payment go.

  scripts/profile                    CPU per accepted payment by thread at 500/s and 5,000/s, and the top functions of the
                                     main thread, the store thread, the summary and the ledger
  --rates N,N                        payments per second (default 500,5000)
  --seconds N                        of each load (default 10)
  --parts threads,main,store,…       some of threads, main, store, summary, ledger
  --write                            rewrites the tables between the marks in docs/performance.md

The top functions are of a profiler that stops the thread a thousand times a second: shares, not absolute times.`;

const PARTS = ["threads", "main", "store", "summary", "ledger"] as const;
type Part = (typeof PARTS)[number];
const TOP = 15;
/** Payments in the database whose summaries are profiled. */
const STORED = 100_000;
const PAGE = join(PROJECT, "docs/performance.md");

const FLAGS = {
  rates: { type: "string", default: "500,5000" },
  seconds: { type: "string", default: "10" },
  parts: { type: "string", default: PARTS.join(",") },
  write: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
} as const;

try {
  await run();
} catch (error) {
  console.error(`profile: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 2;
}

async function run(): Promise<void> {
  const { values } = parseArgs({ args: process.argv.slice(2), options: FLAGS });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const rates = values.rates.split(",").map((text) => whole("--rates", text));
  const seconds = whole("--seconds", values.seconds);
  const where = `${describeMachine()}; ${await describeVersions()}; loads of ${seconds} s.`;
  for (const part of values.parts.split(",").map(partOf)) {
    process.stderr.write(`profile: ${part}\n`);
    const lines = await profile(part, rates, seconds);
    console.log(`\n${part}\n\n${lines.join("\n")}`);
    if (values.write) writeBetweenMarks(part, [...lines, "", where]);
  }
}

function profile(part: Part, rates: readonly number[], seconds: number): Promise<string[]> {
  switch (part) {
    case "threads":
      return profileThreads(rates, seconds);
    case "main":
      return profileMain(rates.at(-1) ?? 0, seconds);
    case "store":
    case "summary":
    case "ledger":
      return profilePart(part);
  }
}

/** One table for all rates; the kernel's part in brackets. */
async function profileThreads(rates: readonly number[], seconds: number): Promise<string[]> {
  const measured: CpuPerPayment[] = [];
  for (const rate of rates) measured.push(await withGateway((gateway) => measureCpu(gateway, rate, seconds)));
  const rows = THREAD_ROLES.map((role) => [
    role,
    ...measured.map(
      ({ microsByRole, systemMicrosByRole }) =>
        `${shown(microsByRole[role])} (${shown(systemMicrosByRole[role])})`,
    ),
  ]);
  rows.push(["process", ...measured.map(({ totalMicros }) => shown(totalMicros))]);
  const heads = rates.map((rate) => `µs per payment at ${rate.toLocaleString("en-US")}/s (in the kernel)`);
  return markdown(["thread", ...heads], rows);
}

/**
 * The main thread under load. From the sources, because in the executable everything is in one line; with the engine's
 * option that the executable gives itself.
 */
async function profileMain(rate: number, seconds: number): Promise<string[]> {
  const directory = makeDirectory();
  const main = join(PROJECT, "src/main.ts");
  const command = [process.execPath, "--no-env-file", ...profilerFlags(directory), main, "serve"];
  const { microsByRole } = await withGateway(
    (gateway) => measureCpu(gateway, rate, seconds),
    { NODE_ENV: "production", BUN_JSC_useFTLJIT: "0" },
    { wrap: () => command },
  );
  const top = topFunctions(readProfile(directory), TOP);
  removeDirectory(directory);
  const rows = top.map(({ name, share }) => [code(name), percent(share), shown(share * microsByRole.main)]);
  return markdown(["function of main", "of its time", `µs per payment at ${rate}/s, profiled`], rows);
}

/** A part of the product in a process of its own, see profile-part.ts. */
async function profilePart(part: "store" | "summary" | "ledger"): Promise<string[]> {
  const directory = makeDirectory();
  const dataDir = makeDirectory();
  const plan = { count: STORED, seed: 1, days: DAYS, lastAtMs: Date.now() };
  const firstAtMs = part === "summary" ? generateDirectory(dataDir, plan).firstAtMs : 0;
  const program = join(import.meta.dir, "profile-part.ts");
  const flags = ["--no-env-file", ...profilerFlags(directory)];
  const child = Bun.spawn([process.execPath, ...flags, program, part, dataDir, String(firstAtMs)], {
    stdout: "pipe",
    stderr: "pipe",
  });
  const [output, errors] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  if ((await child.exited) !== 0) throw new Error(errors);
  const rows = topFunctions(readProfile(directory), TOP).map(({ name, share }) => [
    code(name),
    percent(share),
  ]);
  removeDirectory(directory);
  removeDirectory(dataDir);
  return [...markdown(["function", "of its time"], rows), "", `${shown(Number(output))}/s while profiled.`];
}

function profilerFlags(directory: string): string[] {
  return ["--cpu-prof", `--cpu-prof-dir=${directory}`];
}

function markdown(columns: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [
    line(columns),
    line(columns.map((_, index) => (index === 0 ? "---" : "---:"))),
    ...rows.map((row) => line(row)),
  ];
}

function writeBetweenMarks(part: Part, lines: readonly string[]): void {
  const page = readFileSync(PAGE, "utf8");
  const marks = new RegExp(`(<!-- profile: ${part} -->\\n)[\\s\\S]*?(\\n<!-- end -->)`);
  if (!marks.test(page)) throw new Error(`docs/performance.md has no mark "profile: ${part}"`);
  // A function, because function names of a profile may have a $.
  writeFileSync(
    PAGE,
    page.replace(marks, (_, begin: string, end: string) => `${begin}${lines.join("\n")}${end}`),
  );
}

function partOf(name: string): Part {
  const part = PARTS.find((known) => known === name.trim());
  if (part === undefined)
    throw new Error(`--parts: expected names out of ${PARTS.join(", ")}; got "${name}"`);
  return part;
}

function whole(flag: string, text: string): number {
  const value = /^\d{1,6}$/.test(text.trim()) ? Number(text) : 0;
  if (value < 1) throw new Error(`${flag}: expected whole numbers above 0, got "${text}"`);
  return value;
}

function code(name: string): string {
  return `\`${name.replaceAll("|", "\\|")}\``;
}

function percent(share: number): string {
  return `${shown(share * 100)} %`;
}
