import { describe, expect, test } from "bun:test";
import { BankSimulator, drawPayment } from "./bank.ts";

const OPTIONS = { delayMinMs: 3_000, delayMaxMs: 25_000, approvalRate: 0.8 };
const CREATED_MS = Date.UTC(2025, 6, 15);

function ask(bank: BankSimulator, paymentId: string, path = "/payments"): Promise<Response> {
  const created = new Date(CREATED_MS).toISOString();
  const request = new Request(`http://bank${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ paymentId, created }),
  });
  return bank.handle(request, path);
}

describe("what it draws", () => {
  const draws = Array.from({ length: 20_000 }, (_, index) =>
    drawPayment(`00000000-0000-7000-8000-${String(index).padStart(12, "0")}`, OPTIONS),
  );

  test("four of five payments are completed", () => {
    const approved = draws.filter(({ isApproved }) => isApproved).length;
    expect(approved / draws.length).toBeCloseTo(0.8, 1);
  });

  test("delays lie evenly between the shortest and the longest", () => {
    const delays = draws.map(({ delayMs }) => delayMs).toSorted((a, b) => a - b);
    expect(delays[0]).toBeGreaterThanOrEqual(3_000);
    expect(delays.at(-1)).toBeLessThan(25_000);
    expect(Math.abs((delays[10_000] ?? 0) - 14_000)).toBeLessThan(500);
  });

  test("is the same whenever it is asked, and does not follow the delay", () => {
    const id = crypto.randomUUID();
    expect(drawPayment(id, OPTIONS)).toEqual(drawPayment(id, OPTIONS));
    const early = draws.filter(({ delayMs }) => delayMs < 14_000);
    expect(early.filter(({ isApproved }) => isApproved).length / early.length).toBeCloseTo(0.8, 1);
  });

  test("the share and the delays are settings", () => {
    const id = crypto.randomUUID();
    expect(drawPayment(id, { ...OPTIONS, approvalRate: 0 }).isApproved).toBe(false);
    expect(drawPayment(id, { ...OPTIONS, approvalRate: 1 }).isApproved).toBe(true);
    expect(drawPayment(id, { ...OPTIONS, delayMinMs: 500, delayMaxMs: 500 }).delayMs).toBe(500);
    expect(drawPayment(id, { ...OPTIONS, delayMaxMs: 500 }).delayMs).toBe(500);
  });
});

test("it says when to ask again, and then what has become of the payment, as often as it is asked", async () => {
  let now = CREATED_MS + 1_000;
  const bank = new BankSimulator({ ...OPTIONS, approvalRate: 1, now: () => now });
  const id = crypto.randomUUID();
  const { delayMs } = drawPayment(id, OPTIONS);
  const early = await ask(bank, id);
  expect(early.status).toBe(202);
  expect(await early.json()).toEqual({ state: "pending", askAgainInMs: delayMs - 1_000 });
  now = CREATED_MS + delayMs;
  const final = {
    state: "completed",
    extPaymentDetails: `Payment processed in ${Math.round(delayMs / 1000)} seconds`,
  };
  expect(await (await ask(bank, id)).json()).toEqual(final);
  // After a restart, long after: the same.
  const later = new BankSimulator({ ...OPTIONS, approvalRate: 1, now: () => now + 3_600_000 });
  expect(await (await ask(later, id)).json()).toEqual(final);
});

test("a rejected payment has words of its own", async () => {
  const bank = new BankSimulator({ delayMinMs: 7_000, delayMaxMs: 7_000, approvalRate: 0 });
  expect(await (await ask(bank, crypto.randomUUID())).json()).toEqual({
    state: "rejected",
    extPaymentDetails: "Payment rejected after 7 seconds",
  });
});

test("what it does not understand is refused", async () => {
  const bank = new BankSimulator(OPTIONS);
  expect((await ask(bank, "no uuid")).status).toBe(422);
  expect((await ask(bank, crypto.randomUUID(), "/other")).status).toBe(404);
  expect((await bank.handle(new Request("http://bank/payments"), "/payments")).status).toBe(405);
  const empty = new Request("http://bank/payments", { method: "POST" });
  expect((await bank.handle(empty, "/payments")).status).toBe(400);
});
