/** R22: no request to any route makes a 5xx (503 aside), hurts the process, or is stored although it was refused. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Gateway } from "../e2e/gateway.ts";
import { endPrograms } from "../e2e/program.ts";
import { pick } from "../simulation/seeded-random.ts";
import { findFault } from "./answer-rules.ts";
import { type Operation, readOperations } from "./api-document.ts";
import { FUZZ_TIMEOUT_MS, startBudget } from "./budget.ts";
import { Connection, type Exchange } from "./connection.ts";
import { Failures } from "./failures.ts";
import { KnownIds } from "./known-ids.ts";
import { type FuzzRequest, makeRequest } from "./request-maker.ts";
import { StoredThings } from "./stored-things.ts";
import {
  findDifference,
  findHarm,
  residentMegabytes,
  settle,
  startFuzzedGateway,
} from "./watched-gateway.ts";

let gateway: Gateway;

beforeAll(async () => {
  gateway = await startFuzzedGateway();
});
afterAll(endPrograms);

const CLIENTS = 8;
const ANSWER_MS = 15_000;
/** So often the first client calls every route as the document asks for it, so that all are granted something. */
const TAME_TOURS = 4;
/** The bound of a container is 80 MB; here every page, document and console file was asked for, too. */
const RESIDENT_MB_MAX = 300;

interface Campaign {
  readonly name: string;
  readonly share: number;
  readonly operations: readonly Operation[];
  readonly onAnswer?: (request: FuzzRequest, exchange: Exchange) => void;
}

/** Several clients, each with random numbers of its own; fails with everything that was wrong with an answer. */
async function fuzz({ name, share, operations, onAnswer }: Campaign): Promise<void> {
  const budget = startBudget(name, share);
  const failures = new Failures();
  const client = async (number: number) => {
    const random = budget.randomOf(number);
    const known = new KnownIds();
    const connection = new Connection(gateway.url);
    const least = number === 0 ? TAME_TOURS * operations.length : 0;
    for (let count = 0; (count < least || !budget.isOver()) && !failures.isFull; count++) {
      const next = count < least ? operations[count % operations.length] : undefined;
      const request =
        next !== undefined
          ? makeRequest(random, next, known, 0)
          : makeRequest(random, pick(random, operations), known);
      const exchange = await connection.exchange(request.bytes, ANSWER_MS, request.method === "HEAD");
      const fault = findFault(request, exchange);
      const place = `FUZZ_SEED=${budget.seed}, client ${number}, request ${count}`;
      if (fault !== null) failures.add(request, fault, place);
      onAnswer?.(request, exchange);
      learn(known, request, exchange);
    }
    connection.close();
  };
  await Promise.all(Array.from({ length: CLIENTS }, (_, number) => client(number)));
  expect(failures.texts).toEqual([]);
  expect(await findHarm(gateway)).toEqual([]);
}

const PURGES: ReadonlySet<string> = new Set(["/payments-purge", "/purge-payments"]);
/**
 * The longest delay that the bank's switch takes of hostile-json.ts: `1E+2` seconds. An account payment is asked about
 * again when the bank has said, whatever its switch says by then.
 */
const BANK_DELAY_MS_MAX = 100_000;
/** Upstreams that were made silent are waited for as long as their calls may take, several times over. */
const SETTLED_MS = BANK_DELAY_MS_MAX + 60_000;
const ROUTES_TIMEOUT_MS = 2 * FUZZ_TIMEOUT_MS + SETTLED_MS;

test(
  "every route, with values of every kind in every place",
  async () => {
    const all = await readOperations(gateway.url);
    expect(all.length).toBeGreaterThan(60);
    // What was refused and what was stored is compared: a purge would take the proof away. It has a test of its own.
    const operations = all.filter(({ path }) => !PURGES.has(path));
    const stored = new StoredThings();
    const statuses = new Map<string, number>();
    const onAnswer = (request: FuzzRequest, exchange: Exchange) => {
      note(statuses, request, exchange);
      stored.expect(request, exchange);
    };
    await fuzz({ name: "fuzz, every route", share: 2, operations, onAnswer });
    console.log(summaryOf(statuses));
    expect(neverGranted(operations, statuses)).toEqual([]);
    await settle(gateway, SETTLED_MS);
    expect(stored.findDifferences(gateway.databaseFile)).toEqual([]);
    expect(await findDifference(gateway)).toBeNull();
    expect(residentMegabytes(gateway)).toBeLessThan(RESIDENT_MB_MAX);
  },
  ROUTES_TIMEOUT_MS,
);

test(
  "purges in the middle of payments",
  async () => {
    const operations = (await readOperations(gateway.url)).filter(
      ({ path, isForeign }) => !isForeign && (PURGES.has(path) || path.startsWith("/payments")),
    );
    await fuzz({ name: "fuzz, purges", share: 0.4, operations });
    await settle(gateway, SETTLED_MS);
    // The processors keep what was purged here, so many ids come again with another amount than they have.
    expect(await findDifference(gateway)).toBeNull();
  },
  FUZZ_TIMEOUT_MS + SETTLED_MS,
);

function learn(known: KnownIds, { operation, value }: FuzzRequest, exchange: Exchange): void {
  if (exchange.kind !== "answered" || exchange.answer.status >= 300) return;
  let body: unknown;
  try {
    body = JSON.parse(exchange.answer.body);
  } catch {
    return;
  }
  // What others have at the built-in upstreams is not ours, and must not become it.
  if (!operation.isForeign) known.learn(operation.path, body);
  if (operation.path !== "/reserve" || typeof body !== "object" || body === null) return;
  const id = "reserve_id" in body ? String(body.reserve_id) : "";
  // What known.purchase made, or something like it; if it is not, the order will be refused.
  known.learnReservation(id, value as Parameters<KnownIds["learnReservation"]>[1]);
}

function note(statuses: Map<string, number>, { operation, method }: FuzzRequest, exchange: Exchange): void {
  const status = exchange.kind === "answered" || exchange.kind === "streaming" ? exchange.answer.status : 0;
  if (method !== operation.method) return;
  const key = `${method} ${operation.path} ${status}`;
  statuses.set(key, (statuses.get(key) ?? 0) + 1);
}

/** Fuzzing that never gets past the first check tests the first check only. */
function neverGranted(operations: readonly Operation[], statuses: ReadonlyMap<string, number>): string[] {
  const keys = [...statuses.keys()];
  const routes = operations.filter(
    ({ isForeign, answers }) => !isForeign && [...answers.keys()].some(isGood),
  );
  return routes
    .map(({ method, path }) => `${method} ${path}`)
    .filter((route) => !keys.some((key) => key.startsWith(`${route} 2`)))
    .filter((route) => !RARELY_GRANTED.test(route));
}

function isGood(status: number): boolean {
  return status < 300;
}

/** They need something that a short run seldom comes by: a dead letter, a job over many, the name of a bundled file. */
const RARELY_GRANTED = / \/dlq\/.*\{id\}| \/console\/\{file\}/;

function summaryOf(statuses: ReadonlyMap<string, number>): string {
  const byStatus = new Map<string, number>();
  for (const [key, count] of statuses) {
    const status = key.slice(-3);
    byStatus.set(status, (byStatus.get(status) ?? 0) + count);
  }
  return [...byStatus]
    .sort()
    .map(([status, count]) => `${status}: ${count}`)
    .join(", ");
}
