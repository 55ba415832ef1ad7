/**
 * Calls whose outcome is unknown (R3, R4): the processor that may have the payment is asked until it is certain,
 * the other one never gets it.
 */
import { afterAll, beforeEach, expect, test } from "bun:test";
import type { FaultSettings } from "../../src/simulator/processor-faults.ts";
import { findPayment, metric, type PaymentView, untilIdle } from "./client.ts";
import { Gateway, startProcessors } from "./gateway.ts";
import { postMany } from "./load.ts";
import { PROCESSORS, type ProcessorPair } from "./processors.ts";
import { endPrograms } from "./program.ts";
import { contradictions, summaryDifferences } from "./reconciliation.ts";
import { randomOf } from "./seed.ts";
import { until } from "./until.ts";

let processors: ProcessorPair;

// Each test has processors of its own: the summaries are compared in full.
beforeEach(async () => {
  processors = await startProcessors();
});
afterAll(endPrograms);

const TIMEOUT = { PROCESSOR_TIMEOUT_SECONDS: "0.5" };
const CENTS = 1_990;

test("a processor that records after we gave up: its payments settle there, once", async () => {
  const gateway = await startUnsuspecting();
  await processors.default.setDelay(1_500);
  const ids = await postMany(gateway.url, 30, CENTS);
  await until(
    "a call to be given up",
    5_000,
    async () => (await withUnknownCall(gateway.url, ids)).length > 0,
  );
  await processors.heal();
  await expectReconciled(gateway.url, ids);
  await expectSettledWhereAsked(gateway.url, ids);
}, 40_000);

test("a processor that stays slower than our patience: what it recorded is found there all the same", async () => {
  const gateway = await startUnsuspecting();
  await processors.default.setDelay(1_500);
  const ids = await postMany(gateway.url, 30, CENTS);
  await expectReconciled(gateway.url, ids);
  await expectSettledWhereAsked(gateway.url, ids);
}, 40_000);

const FAULTS: readonly { readonly what: string; readonly shares: Partial<FaultSettings> }[] = [
  { what: "that records and loses every answer", shares: { loseAnswerShare: 1 } },
  { what: "that records and answers garbage", shares: { garbageShare: 1 } },
  { what: "that hangs and records nothing", shares: { hangShare: 1 } },
  { what: "that resets connections, recorded or not", shares: { resetShare: 1 } },
  { what: "whose database fails, recorded or not", shares: { serverErrorWithMessageShare: 1 } },
];

test.each(FAULTS)(
  "a processor $what: once it is well, each payment is settled once",
  async ({ what, shares }) => {
    const { seed } = randomOf(`unknown outcomes, ${what}`);
    const gateway = await startUnsuspecting();
    await processors.default.setFaults({ ...shares, seed: seed >>> 1 });
    const ids = await postMany(gateway.url, 40, CENTS);
    await Bun.sleep(1_000);
    await processors.heal();
    await expectReconciled(gateway.url, ids);
  },
  40_000,
);

test("both processors with every fault at once, reads too: each payment is settled once", async () => {
  const { seed } = randomOf("unknown outcomes, everything");
  const gateway = await Gateway.start({ processors, env: TIMEOUT });
  const shares = {
    loseAnswerShare: 0.15,
    garbageShare: 0.15,
    resetShare: 0.15,
    hangShare: 0.15,
    serverErrorWithMessageShare: 0.15,
    alsoOnReads: true,
  };
  await processors.default.setFaults({ ...shares, seed: seed >>> 1 });
  await processors.fallback.setFaults({ ...shares, seed: seed >>> 2 });
  const ids = await postMany(gateway.url, 300, CENTS);
  await Bun.sleep(3_000);
  await processors.heal();
  await expectReconciled(gateway.url, ids);
}, 40_000);

/** A gateway that has just been told that both processors are well, and hears otherwise only from its calls. */
async function startUnsuspecting(): Promise<Gateway> {
  const gateway = await Gateway.start({ processors, env: TIMEOUT });
  for (const name of PROCESSORS) {
    const series = `catraca_processor_health_checks_total{processor="${name}"}`;
    await until("the health answers", 5_000, async () => (await metric(gateway.url, series)) > 0);
  }
  return gateway;
}

/** Whoever may have had the payment has it. */
async function expectSettledWhereAsked(url: string, ids: readonly string[]): Promise<void> {
  const unknown = await withUnknownCall(url, ids);
  expect(unknown.length).toBeGreaterThan(0);
  expect(unknown.filter(({ processor }) => processor !== "default")).toEqual([]);
}

/** R5: everything ends within 15 s; then R3, R4, R6. */
async function expectReconciled(url: string, ids: readonly string[]): Promise<void> {
  await untilIdle(url, 15_000);
  // A call that was given up may still be on its way into the books.
  await Bun.sleep(200);
  const sent = new Map(ids.map((id) => [id, CENTS]));
  expect(await contradictions(url, processors, sent, ids)).toEqual([]);
  const anyTime = { fromMs: Date.now() - 60_000, toMs: Date.now() };
  expect(await summaryDifferences(url, processors, anyTime, 10, Math.random)).toEqual([]);
}

/** The payments one of whose calls to `default` had an unknown outcome. */
async function withUnknownCall(url: string, ids: readonly string[]): Promise<PaymentView[]> {
  const payments = await Promise.all(ids.map((id) => findPayment(url, id)));
  return payments.filter(
    (payment): payment is PaymentView =>
      payment?.history.some(({ outcome, processor }) => outcome === "unknown" && processor === "default") ===
      true,
  );
}
