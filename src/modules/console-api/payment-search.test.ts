import { afterEach, beforeEach, expect, test } from "bun:test";
import { LIMITS } from "../../config/limits.ts";
import { uuidBytes } from "../../domain/uuid.ts";
import { StoreHarness } from "../../store/fixtures/store-harness.ts";
import { accountPaymentSource } from "../account-payments/search-queries.ts";
import { paymentSource } from "../payments/search-queries.ts";
import { userPaymentSource } from "../users/search-queries.ts";
import { type SearchResult, searchPayments } from "./payment-search.ts";
import type { FoundPayment, PaymentFilter, PaymentSource, SourceName } from "./payment-source.ts";
import { formatPosition, readSearch } from "./search-query.ts";

/** The search over several sections at once, on real tables. */
let store: StoreHarness;
let sources: readonly PaymentSource[];
const START_MS = Date.UTC(2025, 6, 15);

beforeEach(() => {
  store = new StoreHarness();
  const { database } = store;
  sources = [paymentSource(database), userPaymentSource(database), accountPaymentSource(database)];
});
afterEach(() => store.close());

function addPayment(atMs: number, cents = 100, status = 0, lastError: string | null = null): void {
  store.database.sqlite.run(
    `INSERT INTO payments (correlation_id, amount_cents, status, accepted_at_ms, last_error) VALUES (?, ?, ?, ?, ?)`,
    [Buffer.from(uuidBytes(crypto.randomUUID())), cents, status, atMs, lastError],
  );
}

function addUserPayment(atMs: number, cents = 100, status = 0): void {
  store.database.sqlite.run(
    `INSERT INTO user_payments (uuid, user_id, type, amount_cents, commission_cents, status, created_at_ms)
     VALUES (?, 1, 1, ?, 2, ?, ?)`,
    [Buffer.from(uuidBytes(crypto.randomUUID())), cents, status, atMs],
  );
}

/** Every page of a search, as a client gets them: the position travels as a cursor. */
function searchAll(filter: PaymentFilter, limit: number, pagesMax = 10_000): SearchResult[] {
  const pages: SearchResult[] = [];
  let cursor: string | undefined;
  do {
    const read = readSearch({ cursor }, sources);
    if (read.kind !== "valid") throw new Error("the cursor is not taken back");
    const page = searchPayments(sources, filter, read.value.after, limit);
    pages.push(page);
    cursor = page.next === null ? undefined : formatPosition(page.next);
  } while (cursor !== undefined && pages.length < pagesMax);
  return pages;
}

const itemsOf = (pages: readonly SearchResult[]) => pages.flatMap(({ items }) => items);
const keyOf = ({ source, payment }: { source: SourceName; payment: FoundPayment }) =>
  `${source}/${payment.seq}`;

test("every payment of every section comes once, the newest first, whatever the size of a page", () => {
  for (let i = 0; i < 200; i++) {
    addPayment(START_MS + i * 1_000);
    if (i % 3 === 0) addUserPayment(START_MS + i * 1_000 + 500);
  }
  for (const limit of [1, 7, 50, 500]) {
    const items = itemsOf(searchAll({}, limit));
    expect(items).toHaveLength(267);
    expect(new Set(items.map(keyOf)).size).toBe(267);
    const times = items.map(({ payment }) => payment.createdAtMs);
    expect(times).toEqual(times.toSorted((a, b) => b - a));
  }
});

test("random filters find what a plain look at all rows finds", () => {
  const { SEARCH_SEED } = process.env;
  let seed = Number(SEARCH_SEED ?? Math.floor(Math.random() * 2 ** 31));
  console.log(`SEARCH_SEED=${seed}`);
  const random = (below: number) => {
    seed = (seed * 48271) % 0x7fffffff;
    return seed % below;
  };
  for (let i = 0; i < 300; i++) {
    const at = START_MS + i * 60_000 + random(30_000);
    if (random(3) > 0)
      addPayment(at, 1 + random(500), random(3), ["timeout", "http_500", null][random(3)] ?? null);
    else addUserPayment(at, 1 + random(500), random(4));
  }
  const everything = itemsOf(searchAll({}, 500));
  for (let round = 0; round < 200; round++) {
    const fromMs = START_MS + random(300 * 60_000);
    const filter: PaymentFilter = {
      ...(random(2) === 0 ? {} : { state: ["pending", "succeeded", "failed", "settled", "new"][random(5)] }),
      ...(random(3) > 0 ? {} : { error: "timeout" }),
      ...(random(2) === 0 ? {} : { minCents: random(300), maxCents: 200 + random(300) }),
      ...(random(2) === 0 ? {} : { fromMs, toMs: fromMs + random(120 * 60_000) }),
    };
    const { state, error, minCents = 0, maxCents = 1e9, fromMs: from = 0, toMs = 1e15 } = filter;
    const expected = everything.filter(
      ({ payment }) =>
        (state === undefined || payment.status === state || payment.outcome === state) &&
        (error === undefined || payment.lastError === error) &&
        payment.amountCents >= minCents &&
        payment.amountCents <= maxCents &&
        payment.createdAtMs >= from &&
        payment.createdAtMs <= toMs,
    );
    expect(itemsOf(searchAll(filter, 1 + random(40))).map(keyOf)).toEqual(expected.map(keyOf));
  }
});

test("one call looks at a bounded number of rows, and the next one goes on behind them", () => {
  const rows = LIMITS.searchRowsMax.value * 2 + 500;
  store.database.sqlite.run("BEGIN");
  for (let i = 0; i < rows; i++) addPayment(START_MS + i, i === 0 ? 77 : 100);
  store.database.sqlite.run("COMMIT");
  const pages = searchAll({ minCents: 77, maxCents: 77 }, 50);
  expect(pages.map(({ items }) => items.length)).toEqual([0, 0, 1]);
  expect(pages[0]?.searchedToMs).toBe(START_MS + rows - LIMITS.searchRowsMax.value);
  expect(pages.at(-1)?.searchedToMs).toBeNull();
});

test("sections of which one is looked through in several calls still come in one order", () => {
  const rows = LIMITS.searchRowsMax.value * 2 + 500;
  store.database.sqlite.run("BEGIN");
  for (let i = 0; i < rows; i++) addPayment(START_MS + i * 1_000, i % 997 === 0 ? 77 : 100);
  for (let i = 0; i < 30; i++) addUserPayment(START_MS + i * 650_000 + 3, 77);
  store.database.sqlite.run("COMMIT");
  for (const limit of [3, 500]) {
    const pages = searchAll({ minCents: 77, maxCents: 77 }, limit, 100);
    const items = itemsOf(pages);
    expect(new Set(items.map(keyOf)).size).toBe(30 + Math.ceil(rows / 997));
    const times = items.map(({ payment }) => payment.createdAtMs);
    expect(times).toEqual(times.toSorted((a, b) => b - a));
    expect(pages.at(-1)?.next).toBeNull();
  }
});

test("a time far back is found without a walk through what came later", () => {
  store.database.sqlite.run("BEGIN");
  for (let i = 0; i < 30_000; i++) addPayment(START_MS + i * 1_000);
  store.database.sqlite.run("COMMIT");
  const filter = { fromMs: START_MS + 5_000_000, toMs: START_MS + 5_009_000 };
  const [page] = searchAll(filter, 50, 1);
  expect(page?.items).toHaveLength(10);
  expect(page?.next).toBeNull();
});

test("payments that are added between two pages neither shift nor repeat what follows", () => {
  for (let i = 0; i < 20; i++) addPayment(START_MS + i);
  const first = searchPayments(sources, {}, null, 5);
  for (let i = 20; i < 30; i++) addPayment(START_MS + i);
  const second = searchPayments(sources, {}, first.next, 5);
  expect(second.items.map(({ payment }) => payment.createdAtMs - START_MS)).toEqual([14, 13, 12, 11, 10]);
});

test("a payment is found by the beginning of its id, in any letter case", () => {
  for (let i = 0; i < 50; i++) addPayment(START_MS + i);
  const [source] = sources;
  const [wanted] = itemsOf(searchAll({}, 1).slice(20, 21));
  const id = wanted?.payment.id ?? "";
  const found = source?.byId({}, id.slice(0, 13), 10) ?? [];
  expect(found.map((payment) => payment.id)).toEqual([id]);
  expect(source?.detail(id)?.timeline).toMatchObject([{ event: "accepted" }]);
});
