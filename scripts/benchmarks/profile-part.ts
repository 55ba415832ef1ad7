/**
 * One thread's work without the others, for a CPU profile: `bun --cpu-prof` sees only the main thread, and the store
 * thread is a worker. Here its code runs in the main thread.
 *
 *   bun --cpu-prof --cpu-prof-dir=DIR scripts/benchmarks/profile-part.ts store|ledger|summary DATA_DIR FIRST_AT_MS
 *
 * The data directory is empty, for the summary one with payments of the last DAYS days after FIRST_AT_MS.
 */
import { join } from "node:path";
import { measure, prepareLedger } from "./ledger.ts";
import { randomWindow } from "./random-windows.ts";
import { storePerSecond } from "./store.ts";
import { summariesPerSecond } from "./summary.ts";

const PAYMENTS = 40_000;
const TRANSFERS = 60_000;
const WINDOWS = 20_000;
export const DAYS = 30;

function perSecond(part: string, dataDir: string, firstAtMs: number): number {
  if (part === "store") return storePerSecond(dataDir, PAYMENTS);
  if (part === "ledger") return measure(TRANSFERS, prepareLedger);
  const windows = Array.from({ length: WINDOWS }, () => randomWindow(firstAtMs, DAYS, Math.random));
  return summariesPerSecond(join(dataDir, "catraca.db"), windows);
}

if (import.meta.main) {
  const [part = "", dataDir = "", firstAtMs = "0"] = process.argv.slice(2);
  console.log(perSecond(part, dataDir, Number(firstAtMs)));
}
