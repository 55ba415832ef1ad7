/**
 * The ledger against a model that is too simple to be wrong: plain numbers in maps, no batches, no database.
 * Any sequence of calls must give the same answers and the same accounts, through commits and rollbacks.
 */
import { expect, test } from "bun:test";
import fc from "fast-check";
import type { Entry } from "../../domain/ledger.ts";
import { StoreHarness } from "../../store/fixtures/store-harness.ts";
import { auditLedger } from "./audit.ts";
import { Ledger } from "./ledger.ts";
import { LedgerQueries } from "./queries.ts";
import { FEES_ACCOUNT, OUTSIDE_ACCOUNT } from "./system-accounts.ts";

const { TEST_SEED = Date.now() % 2 ** 31 } = process.env;
const seed = Number(TEST_SEED);
console.log(`ledger model: TEST_SEED=${seed}`);

interface ModelHold {
  readonly account: number;
  readonly cents: number;
  readonly expiresAtMs: number | null;
  status: "held" | "posted" | "released" | "expired";
}

/** Everything is copied at a commit and taken from the copy at a rollback. */
interface ModelState {
  balances: Map<number, number>;
  holds: Map<number, ModelHold>;
  transfers: Set<number>;
}

class Model {
  state: ModelState = { balances: new Map(), holds: new Map(), transfers: new Set() };
  committed: ModelState = structuredClone(this.state);
  nowMs = 1_000;
  readonly accounts: number[] = [];

  balance(account: number): number {
    return this.state.balances.get(account) ?? 0;
  }

  held(account: number): number {
    return [...this.state.holds.values()]
      .filter((hold) => hold.account === account && hold.status === "held")
      .reduce((sum, { cents }) => sum + cents, 0);
  }

  /** Whether all entries may be made, given what a hold sets free. */
  allows(entries: readonly Entry[], freed?: ModelHold): boolean {
    return entries.every(({ accountId, cents }) => {
      if (accountId === OUTSIDE_ACCOUNT || cents >= 0) return true;
      const freedCents = freed?.account === accountId ? freed.cents : 0;
      return this.balance(accountId) + cents >= this.held(accountId) - freedCents;
    });
  }

  move(entries: readonly Entry[]): void {
    for (const { accountId, cents } of entries) {
      this.state.balances.set(accountId, this.balance(accountId) + cents);
    }
  }
}

class Real {
  readonly store = new StoreHarness();
  nowMs = 1_000;
  readonly ledger = new Ledger(this.store.context, () => this.nowMs);
  readonly queries = new LedgerQueries(this.store.database);

  constructor() {
    this.store.database.sqlite.run("BEGIN IMMEDIATE");
  }

  commit(): void {
    this.ledger.beforeCommit();
    this.store.database.sqlite.run("COMMIT");
  }

  rollBack(): void {
    this.store.database.sqlite.run("ROLLBACK");
    this.ledger.rolledBack();
  }

  begin(): void {
    this.store.database.sqlite.run("BEGIN IMMEDIATE");
  }
}

type Step = fc.Command<Model, Real>;

/** A command that is written as one function; `text` names it in a counterexample. */
function step(text: string, run: (model: Model, real: Real) => void): Step {
  return { check: () => true, run, toString: () => text };
}

function idBytes(id: number): Uint8Array {
  const bytes = new Uint8Array(16);
  bytes[15] = id;
  return bytes;
}

function pick<Item>(items: readonly Item[], index: number): Item | undefined {
  return items[index % Math.max(items.length, 1)];
}

interface Movement {
  readonly id: number;
  readonly from: number;
  readonly to: number;
  readonly cents: number;
  readonly fee: number;
}

/** Entries between the outside, the fees and the model's accounts, or null where they would not be a transfer. */
function entriesOf(model: Model, { from, to, cents, fee }: Movement): Entry[] | null {
  const all = [OUTSIDE_ACCOUNT, ...model.accounts];
  const payer = pick(all, from) ?? OUTSIDE_ACCOUNT;
  const payee = pick(all, to) ?? OUTSIDE_ACCOUNT;
  if (payer === payee) return null;
  const entries = [
    { accountId: payer, cents: -(cents + fee) },
    { accountId: payee, cents },
  ];
  return fee === 0 ? entries : [...entries, { accountId: FEES_ACCOUNT, cents: fee }];
}

const open = () =>
  step("open", (model, real) => {
    const account = real.ledger.open("user");
    model.accounts.push(account);
    model.state.balances.set(account, 0);
  });

const transfer = (movement: Movement) =>
  step(`transfer(${JSON.stringify(movement)})`, (model, real) => {
    const entries = entriesOf(model, movement);
    if (entries === null) return;
    const { id } = movement;
    const result = real.ledger.transfer({ id: idBytes(id), kind: "deposit", entries, atMs: model.nowMs });
    if (model.state.transfers.has(id)) {
      expect(result).toEqual({ kind: "exists" });
    } else if (model.allows(entries)) {
      expect(result).toEqual({ kind: "done" });
      model.move(entries);
      model.state.transfers.add(id);
    } else {
      expect(result).toEqual({ kind: "refused", reason: "insufficient_funds" });
    }
  });

const hold = (index: number, cents: number, lifeMs: number | null) =>
  step(`hold(${index}, ${cents}, ${lifeMs})`, (model, real) => {
    const account = pick(model.accounts, index);
    if (account === undefined) return;
    const expiresAtMs = lifeMs === null ? null : model.nowMs + lifeMs;
    const result = real.ledger.hold(account, cents, model.nowMs, expiresAtMs);
    if (model.balance(account) - model.held(account) < cents) {
      expect(result).toEqual({ kind: "refused", reason: "insufficient_funds" });
      return;
    }
    if (result.kind !== "held") throw new Error("there was enough to hold");
    model.state.holds.set(result.holdId, { account, cents, expiresAtMs, status: "held" });
  });

const post = (index: number, movement: Movement) =>
  step(`post(${index}, ${JSON.stringify(movement)})`, (model, real) => {
    const holdId = pick([...model.state.holds.keys()], index);
    const held = holdId === undefined ? undefined : model.state.holds.get(holdId);
    if (holdId === undefined || held === undefined) return;
    const from = model.accounts.indexOf(held.account) + 1;
    const entries = entriesOf(model, { ...movement, from });
    if (entries === null) return;
    const { id } = movement;
    const request = { id: idBytes(id), kind: "withdrawal", entries, atMs: model.nowMs } as const;
    const result = real.ledger.post(holdId, request);
    if (held.status !== "held") {
      expect(result).toEqual({ kind: "resolved", status: held.status });
    } else if (model.state.transfers.has(id)) {
      expect(result).toEqual({ kind: "exists" });
    } else if (model.allows(entries, held)) {
      expect(result).toEqual({ kind: "done" });
      held.status = "posted";
      model.move(entries);
      model.state.transfers.add(id);
    } else {
      expect(result).toEqual({ kind: "refused", reason: "insufficient_funds" });
    }
  });

const release = (index: number) =>
  step(`release(${index})`, (model, real) => {
    const holdId = pick([...model.state.holds.keys()], index);
    const held = holdId === undefined ? undefined : model.state.holds.get(holdId);
    if (holdId === undefined || held === undefined) return;
    const result = real.ledger.release(holdId, model.nowMs);
    if (held.status === "held") {
      expect(result).toEqual({ kind: "done" });
      held.status = "released";
    } else {
      expect(result).toEqual({ kind: "resolved", status: held.status });
    }
  });

const commit = (passMs: number) =>
  step(`commit(${passMs})`, (model, real) => {
    // The ledger looks for what has expired once a second.
    model.nowMs += 1_000 + passMs;
    real.nowMs = model.nowMs;
    for (const held of model.state.holds.values()) {
      const isOver = held.expiresAtMs !== null && held.expiresAtMs <= model.nowMs;
      if (held.status === "held" && isOver) held.status = "expired";
    }
    real.commit();
    model.committed = structuredClone(model.state);
    compare(model, real);
    real.begin();
  });

const rollBack = () =>
  step("rollBack", (model, real) => {
    real.rollBack();
    model.state = structuredClone(model.committed);
    model.accounts.splice(0, model.accounts.length, ...model.state.balances.keys());
    model.accounts.splice(0, model.accounts.length, ...model.accounts.filter(isUserAccount));
    compare(model, real);
    real.begin();
  });

const isUserAccount = (account: number) => account !== OUTSIDE_ACCOUNT && account !== FEES_ACCOUNT;

function compare(model: Model, real: Real): void {
  for (const account of [OUTSIDE_ACCOUNT, FEES_ACCOUNT, ...model.accounts]) {
    const { balanceCents, heldCents } = real.queries.account(account);
    expect([account, balanceCents, heldCents]).toEqual([
      account,
      model.balance(account),
      model.held(account),
    ]);
  }
  expect(auditLedger(real.store.database)).toEqual([]);
}

const cents = fc.integer({ min: 1, max: 300 });
const index = fc.nat({ max: 5 });
const movement = fc.record({
  id: fc.nat({ max: 40 }),
  from: index,
  to: index,
  cents,
  fee: fc.constantFrom(0, 0, 1, 7),
});

test("any sequence of calls does what the model does", () => {
  const commands = fc.commands(
    [
      fc.constant(open()),
      movement.map(transfer),
      // Money comes in more often than it goes, or nothing could be taken.
      movement.map((made) => transfer({ ...made, from: 0 })),
      fc.tuple(index, cents, fc.option(fc.integer({ min: 0, max: 3_000 }))).map((made) => hold(...made)),
      fc.tuple(index, movement).map((made) => post(...made)),
      index.map(release),
      fc.nat({ max: 2_000 }).map(commit),
      fc.constant(rollBack()),
    ],
    { maxCommands: 60, size: "max" },
  );
  fc.assert(
    fc.property(commands, (sequence) => {
      const real = new Real();
      try {
        fc.modelRun(() => ({ model: new Model(), real }), sequence);
        real.commit();
      } finally {
        real.store.close();
      }
    }),
    { seed, numRuns: 150 },
  );
}, 30_000);
