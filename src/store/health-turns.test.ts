import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ProcessorName } from "../domain/processor.ts";
import { HEALTH_SPACING_MS } from "../upstreams/processor-health.ts";
import { type OpenDatabase, openWriter } from "./database.ts";
import { type HealthTurnSlots, HealthTurns, type HealthWord } from "./health-turns.ts";
import { migrate } from "./migrations.ts";
import { LEASE_MS, ReplicaLease } from "./replica-lease.ts";

const NOW_MS = 1_800_000_000_000;

/** A replica with the slots that its dispatch thread reads and writes. */
class Asker implements HealthTurnSlots {
  readonly turns: HealthTurns;
  readonly lease: ReplicaLease;
  grantUntilMs = 0;
  endedMs = 0;
  own: HealthWord | null = null;
  peers: HealthWord | null = null;

  constructor(name: string) {
    this.lease = new ReplicaLease(database);
    this.lease.register(name, NOW_MS);
    this.turns = new HealthTurns(database, this.lease, this);
  }

  pollWanted = (name: ProcessorName) => name === "default";
  setPollGrant = (_name: ProcessorName, untilMs: number) => {
    this.grantUntilMs = untilMs;
  };
  pollEndedMs = (name: ProcessorName) => (name === "default" ? this.endedMs : 0);
  health = () => this.own;
  setPeerHealth = (_name: ProcessorName, health: HealthWord) => {
    this.peers = health;
  };

  /** Asks; whether it was granted a turn now. */
  asks(nowMs: number): boolean {
    const before = this.grantUntilMs;
    if (this.turns.isDue(nowMs)) {
      this.turns.run(nowMs);
      this.turns.committed();
    }
    return this.grantUntilMs !== before;
  }
}

let directory: string;
let database: OpenDatabase;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "catraca-health-turns-"));
  database = openWriter(join(directory, "catraca.db"), "process");
  migrate(database.sqlite);
});
afterEach(() => {
  database.sqlite.close();
  rmSync(directory, { recursive: true });
});

test("one of two gets the turn, the other only once the call has ended and the time has passed", () => {
  const [one, other] = [new Asker("one"), new Asker("other")];
  expect(one.asks(NOW_MS)).toBe(true);
  expect(other.asks(NOW_MS + 1)).toBe(false);
  one.endedMs = NOW_MS + 900;
  one.asks(NOW_MS + 1_000);
  expect(other.asks(NOW_MS + 899 + HEALTH_SPACING_MS)).toBe(false);
  expect(other.asks(NOW_MS + 1_200 + HEALTH_SPACING_MS)).toBe(true);
});

test("what was heard reaches those that did not ask", () => {
  const [one, other] = [new Asker("one"), new Asker("other")];
  one.asks(NOW_MS);
  one.own = { failing: true, minResponseTimeMs: 120, seenAtMs: NOW_MS + 50 };
  one.endedMs = NOW_MS + 50;
  one.asks(NOW_MS + 300);
  other.asks(NOW_MS + 301);
  expect(other.peers).toEqual(one.own);
});

test("a call that hangs keeps the turn while its replica lives, and loses it soon when that dies", () => {
  const [one, other] = [new Asker("one"), new Asker("other")];
  one.asks(NOW_MS);
  const laterMs = NOW_MS + 8_000;
  one.lease.advance(0, laterMs);
  expect(other.asks(laterMs)).toBe(false);
  // The lease runs out, and the turn with it.
  expect(other.asks(laterMs + LEASE_MS + 1)).toBe(true);
});

test("one that starts right after another one's death waits until its call cannot be recent", () => {
  const one = new Asker("one");
  one.asks(NOW_MS);
  one.lease.release(NOW_MS + 10);
  const next = new Asker("one again");
  expect(next.asks(NOW_MS + 20)).toBe(false);
  expect(next.asks(NOW_MS + HEALTH_SPACING_MS)).toBe(false);
  expect(next.asks(NOW_MS + 2_000 + HEALTH_SPACING_MS)).toBe(true);
});

test("a replica that was killed during its call need not wait for the end of that call after its restart", () => {
  const killed = new Asker("one");
  killed.asks(NOW_MS);
  const restarted = new Asker("one");
  restarted.lease.advance(0, NOW_MS + HEALTH_SPACING_MS);
  expect(restarted.asks(NOW_MS + HEALTH_SPACING_MS)).toBe(false);
  restarted.lease.advance(0, NOW_MS + 7_000);
  expect(restarted.asks(NOW_MS + 2_000 + HEALTH_SPACING_MS)).toBe(true);
});

test("a clock that was set back does not stop the asking", () => {
  const one = new Asker("one");
  one.asks(NOW_MS);
  const next = new Asker("next");
  expect(next.asks(NOW_MS - 3_600_000)).toBe(true);
});
