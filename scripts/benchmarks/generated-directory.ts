import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { freemem } from "node:os";
import { join } from "node:path";
import { GeneratedPayments, type PaymentPlan } from "./generated-payments.ts";
import { writePayments } from "./payment-writer.ts";

/** The settings' defaults: a gateway that runs on the directory afterwards has the same. */
const FEE_SHARES = { default: 0.05, fallback: 0.15 } as const;
const CACHE_MB_MAX = 4096;
const CACHE_MB_MIN = 64;
const PRIVATE_MODE = 0o700;

export interface GeneratedDirectory {
  readonly plan: PaymentPlan;
  readonly firstAtMs: number;
  readonly seconds: number;
  readonly bytes: number;
}

/**
 * Makes a data directory with settled payments, on which a gateway can be started.
 * @param progress told how many payments there are, after some ten thousand more
 * @throws Error if there is a database already
 */
export function generateDirectory(
  dataDir: string,
  plan: PaymentPlan,
  progress: (written: number) => void = () => {},
): GeneratedDirectory {
  const file = join(dataDir, "catraca.db");
  if (existsSync(file)) throw new Error(`${file} is there already: give a directory without one`);
  mkdirSync(dataDir, { recursive: true, mode: PRIVATE_MODE });
  const startedAt = performance.now();
  const payments = new GeneratedPayments(plan, FEE_SHARES);
  try {
    writePayments(file, payments, cacheMb(), progress);
  } catch (error) {
    // Without a journal half of it is nothing.
    rmSync(file, { force: true });
    throw error;
  }
  const seconds = (performance.now() - startedAt) / 1000;
  return { plan, firstAtMs: payments.firstAtMs, seconds, bytes: bytesOf(dataDir) };
}

/** Bytes of all files of the database and its log. */
export function bytesOf(dataDir: string): number {
  const files = readdirSync(dataDir).filter((name) => name.startsWith("catraca.db"));
  return files.reduce((sum, name) => sum + statSync(join(dataDir, name)).size, 0);
}

/** Half of what is free: an index over random ids that does not fit is written page by page, over and over. */
function cacheMb(): number {
  return Math.floor(Math.min(CACHE_MB_MAX, Math.max(CACHE_MB_MIN, freemem() / 2 ** 20 / 2)));
}
