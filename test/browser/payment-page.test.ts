import { Database } from "bun:sqlite";
import { afterAll, beforeAll, expect, test } from "bun:test";
import { call, post } from "../e2e/client.ts";
import { Gateway } from "../e2e/gateway.ts";
import { endPrograms } from "../e2e/program.ts";
import { until } from "../e2e/until.ts";
import { BROWSER_START_MS, closeBrowser, openBrowser, visit } from "./browser.ts";

/** A payment in detail while it waits: what was tried, and when it is tried next. */
let gateway: Gateway;

beforeAll(openBrowser, BROWSER_START_MS);
beforeAll(async () => {
  const shares = { MOCK_GATEWAY_OK_SHARE: "0", MOCK_GATEWAY_ERROR_SHARE: "1", MOCK_GATEWAY_LATE_SHARE: "0" };
  const pauses = { GATEWAY_BACKOFF_BASE_SECONDS: "60", GATEWAY_BACKOFF_MAX_SECONDS: "60" };
  const bank = { BANK_DELAY_MIN_SECONDS: "6", BANK_DELAY_MAX_SECONDS: "6" };
  gateway = await Gateway.start({ env: { ...shares, ...pauses, ...bank } });
});
afterAll(async () => {
  await closeBrowser();
  await endPrograms();
});

test("a payment that failed once shows the attempt, and after it the next one with its time", async () => {
  await post(`${gateway.url}/api/v1/users`, { balance: 100 });
  await post(`${gateway.url}/api/v1/payments/deposit`, { user_id: 1, deposit: 10 });
  await until("the first attempt", 10_000, async () => {
    const { body } = await call(`${gateway.url}/api/v1/payments/1`);
    return (body as { attempts: number }).attempts === 1; // the contract's shape
  });
  const visitor = await visit(gateway.url);
  await visitor.open("payments/users:1");
  const entries = visitor.page.locator(".timeline li");
  await entries.nth(2).waitFor();
  const attempt = await entries.nth(1).textContent();
  expect(attempt).toMatch(/^Attemptpayment gateway.*gateway_error_502.* took [\d.]+ m?s · HTTP 502/);
  expect(await entries.nth(1).locator("pre").textContent()).toContain("the simulated gateway has failed");
  expect(await entries.nth(2).textContent()).toMatch(/^Next attempt.*in (5\d|[1-4]?\d)(\.\d)? s|in 1 min/);
  expect(await visitor.page.getByText("only counted").count()).toBe(0);
  // What is past the bound of noted attempts is only in the payment's own number.
  const database = new Database(gateway.databaseFile, { readwrite: true });
  database.run("PRAGMA busy_timeout = 5000");
  database.run("UPDATE user_payments SET attempts = 4");
  database.close();
  await visitor.page.getByText("Attempts only counted: 3").waitFor();
  expect(visitor.errors).toEqual([]);
});

test("an account payment shows when the bank is asked next, and no more once it is final", async () => {
  const { body } = await post(`${gateway.url}/payments`, {
    userId: crypto.randomUUID(),
    accountNumber: "DE02120300000000202051",
    amount: 5,
  });
  const { paymentId } = body as { paymentId: string }; // the contract's shape
  const visitor = await visit(gateway.url);
  await visitor.open(`payments/account-payments:${paymentId}`);
  const { page } = visitor;
  await page.locator(".timeline").getByText("Next attempt").waitFor();
  await page
    .locator(".timeline")
    .getByText(/Completed|Rejected/)
    .waitFor({ timeout: 20_000 });
  expect(await page.getByText("Next attempt").count()).toBe(0);
  // The bank was asked at least twice: it took the payment, and then it had decided.
  const attempts = page.locator(".timeline li", { hasText: "Attempt" });
  expect(await attempts.count()).toBeGreaterThanOrEqual(2);
  expect(await attempts.first().locator("pre").textContent()).toContain('"state":"pending"');
  expect(await attempts.last().textContent()).toMatch(/bank(settled|declined).*HTTP 200/);
  expect(visitor.errors).toEqual([]);
}, 40_000);
