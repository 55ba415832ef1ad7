/** A data directory as an executable left it, and what must hold of it whichever executable goes on with it. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { ProcessorName } from "../e2e/processors.ts";
import { emptyDirectory } from "../e2e/program.ts";

export const FIXTURES = join(import.meta.dir, "fixtures");
/** The intake log in a fixture is this replica's. */
export const REPLICA = "e2e";

export interface FixturePayment {
  readonly id: string;
  readonly cents: number;
}

/** A call whose Idempotency-Key is in the fixture, and what was answered. */
export interface KeyedCall {
  readonly path: string;
  readonly key: string;
  readonly body: object;
  readonly answer: string;
}

/** What the fixture's maker was told by the gateway, and what everything must come to in the end. */
export interface Manifest {
  readonly schemaVersion: number;
  readonly version: string;
  readonly settled: readonly (FixturePayment & {
    readonly processor: ProcessorName;
    readonly requestedAt: string;
  })[];
  /** Charged nowhere yet; some were called, one may have been taken. */
  readonly pending: readonly FixturePayment[];
  readonly dead: readonly FixturePayment[];
  /** Acknowledged, and not in the database: their frames stand in the intake log behind the committed position. */
  readonly leftover: readonly FixturePayment[];
  /** In the end, when everything pending has succeeded. */
  readonly users: readonly { readonly id: number; readonly balance: number }[];
  readonly wallets: readonly { readonly uuid: string; readonly balance: number }[];
  readonly orders: readonly { readonly id: string; readonly status: string }[];
  /** Pieces on sale in the end: every reservation is sold, or its pieces are back. */
  readonly stock: readonly { readonly productId: number; readonly pieces: number }[];
  readonly accountPayments: readonly { readonly id: string; readonly state: string }[];
  readonly keyed: readonly KeyedCall[];
  /** Open dead letters by source. */
  readonly letters: Readonly<Record<string, number>>;
}

/** Names of the fixtures, oldest schema first. */
export function fixtureNames(): string[] {
  const names = readdirSync(FIXTURES).filter((name) => name.endsWith(".tar.gz"));
  const versionOf = (name: string) => Number(/\d+/.exec(name)?.[0]);
  return names.map((name) => name.slice(0, -".tar.gz".length)).sort((a, b) => versionOf(a) - versionOf(b));
}

export async function readManifest(name: string): Promise<Manifest> {
  // make-fixture.ts wrote it with this shape; later executables must still understand it
  return (await Bun.file(join(FIXTURES, `${name}.json`)).json()) as Manifest;
}

/** Unpacks a fixture. @returns a data directory of its own */
export async function unpackFixture(name: string): Promise<string> {
  const directory = await emptyDirectory();
  const unpacked = Bun.spawnSync(["tar", "-xzf", join(FIXTURES, `${name}.tar.gz`), "-C", directory]);
  if (unpacked.exitCode !== 0) throw new Error(`tar: ${unpacked.stderr.toString()}`);
  return directory;
}
