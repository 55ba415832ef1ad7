/**
 * Runs the benchmarks of one replica against their yardsticks, prints a table and rewrites docs/benchmarks.md.
 *
 *   bun scripts/bench.ts           five rounds, about ten minutes
 *   bun scripts/bench.ts --quick   one round, nothing is written
 *
 * Needs dist/catraca (scripts/build), and a machine that does nothing else.
 */

import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { buildInfo } from "../src/build-info.ts";
import { acceptLatency, acceptRate, cpuPerPayment, memory } from "./bench/accept-figures.ts";
import { type Figure, format } from "./bench/figure.ts";
import { reservations } from "./bench/reservation-figures.ts";
import { drainHeld, startEmpty, startPending } from "./bench/start-figures.ts";
import { walletOperations } from "./bench/wallet-figures.ts";

const isQuick = process.argv.includes("--quick");
const effort = isQuick ? { rounds: 1, seconds: 4 } : { rounds: 5, seconds: 8 };

const PARTS: readonly (() => Promise<Figure | readonly Figure[]>)[] = [
  () => acceptRate(effort),
  () => acceptLatency(effort),
  () => cpuPerPayment(500, 300, effort),
  () => cpuPerPayment(5000, 120, effort),
  () => memory(isQuick ? 8 : 30),
  () => startEmpty(effort.rounds),
  () => startPending(100_000, effort.rounds),
  () => drainHeld(10_000),
  () => walletOperations(10_000, effort),
  () => reservations(5_000, effort),
];

function render(figures: readonly Figure[]): string {
  const rows = figures.map(
    (figure) =>
      `| ${figure.name} | ${format(figure)} | ${figure.goal} | ${figure.met ? "yes" : "no"} | ${figure.note} |`,
  );
  return [
    "# Benchmarks",
    "",
    "One replica, `DURABILITY=process`, processors in a process of their own, load from autocannon, all on one machine.",
    "Ratios are against a bare `Bun.serve` that parses the same JSON and answers 202, in the same run: absolute figures",
    "say more about the machine than about the program.",
    "",
    "```sh",
    "scripts/build && bun scripts/bench.ts",
    "```",
    "",
    `${cpus().length} × ${cpus()[0]?.model ?? "CPU"}, ${process.platform}, Bun ${Bun.version}, catraca ${buildInfo.version}.`,
    `Medians over ${effort.rounds} rounds, smallest to largest in brackets.`,
    "",
    "| figure | measured | goal | met | |",
    "| --- | --- | --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
}

const figures: Figure[] = [];
for (const part of PARTS) {
  const result = await part();
  for (const figure of Array.isArray(result) ? (result as readonly Figure[]) : [result as Figure]) {
    figures.push(figure);
    console.log(
      `${figure.met ? "met    " : "MISSED "} ${figure.name}: ${format(figure)}, goal ${figure.goal} (${figure.note})`,
    );
  }
}
if (!isQuick) writeFileSync(join(import.meta.dir, "../docs/benchmarks.md"), render(figures));
process.exitCode = figures.every((figure) => figure.met) ? 0 : 1;
