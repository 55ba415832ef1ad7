import { expect, test } from "bun:test";
import type { ProcessorName } from "../domain/processor.ts";
import { createLogger } from "../log/logger.ts";
import type { LookupOutcome } from "../upstreams/processor-client.ts";
import { type DoubtfulPayment, PaymentInquirer } from "./payment-inquirer.ts";

const NOW = 1_000;
const ABSENT: LookupOutcome = { kind: "not-found" };

function payment(change: Partial<DoubtfulPayment> = {}): DoubtfulPayment {
  const known = { taskId: 1, amountCents: 1_990, acceptedAtMs: NOW, correlationId: "id" };
  return { ...known, attempts: 0, assigned: null, uncertain: true, ...change };
}

/** An inquirer whose processors say `answers`, and what it told. */
function inquirer(answers: Partial<Record<ProcessorName, LookupOutcome>>) {
  const told: unknown[] = [];
  const asked: ProcessorName[] = [];
  const parts = {
    lookup: async (processor: ProcessorName) => {
      asked.push(processor);
      return answers[processor] ?? ABSENT;
    },
    onRecorded: (task: DoubtfulPayment, processor: ProcessorName, outcome: unknown) =>
      void told.push([task.taskId, processor, outcome]),
    onNowhere: (task: DoubtfulPayment) => void told.push([task.taskId, "nowhere", task.uncertain]),
    log: createLogger({ level: "error", thread: "test", replica: "t", write: () => {} }),
  };
  const made = new PaymentInquirer<DoubtfulPayment>(parts);
  /** Asks until nothing is asked any more. */
  const ask = async (mayAsk = () => true) => {
    for (let round = 0; round < 5; round++) {
      made.ask(NOW, mayAsk, () => NOW);
      await Promise.resolve();
      await Promise.resolve();
    }
  };
  return { made, told, asked, ask };
}

test("takes payments in doubt, and leaves all others to the dispatcher", () => {
  const { made } = inquirer({});
  expect(made.take(payment(), NOW)).toBe(true);
  expect(made.take(payment({ taskId: 2, uncertain: false }), NOW)).toBe(false);
  expect(made.take(payment({ taskId: 3, assigned: "default" }), NOW)).toBe(false);
  expect([made.has(1), made.has(2), made.has(3)]).toEqual([true, false, false]);
});

test("one that is found is settled there, under the recorded time, and another amount is told", async () => {
  const call = { isLookup: true, status: 200, excerpt: "{}" };
  const found = { kind: "found", requestedAtMs: 77, amountCents: 1_990, call } as const;
  const same = inquirer({ fallback: found });
  same.made.take(payment(), NOW);
  await same.ask();
  expect(same.told).toEqual([[1, "fallback", { kind: "settled", requestedAtMs: 77, call }]]);
  const other = inquirer({ default: { ...found, amountCents: 5 } });
  other.made.take(payment(), NOW);
  await other.ask();
  expect(other.told).toEqual([
    [1, "default", { kind: "settled", requestedAtMs: 77, recordedAmountCents: 5, call }],
  ]);
});

test("one that neither has is certain to be new", async () => {
  const { made, told, asked, ask } = inquirer({});
  made.take(payment(), NOW);
  await ask();
  expect([told, asked]).toEqual([[[1, "nowhere", false]], ["default", "fallback"]]);
});

test("nobody is asked without the lease, and what comes after a purge is ignored", async () => {
  const { made, told, asked, ask } = inquirer({});
  made.take(payment(), NOW);
  await ask(() => false);
  expect(asked).toEqual([]);
  made.ask(
    NOW,
    () => true,
    () => NOW,
  );
  expect(made.inFlight).toBe(1);
  made.clear();
  await ask();
  expect([told, asked, made.inFlight]).toEqual([[], ["default"], 0]);
});
