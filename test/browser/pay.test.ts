import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { Gateway } from "../e2e/gateway.ts";
import { endPrograms } from "../e2e/program.ts";
import { BROWSER_START_MS, closeBrowser, openBrowser, visit } from "./browser.ts";

/** The payer's page, from the form to the bank's decision. */
let gateway: Gateway;

beforeAll(openBrowser, BROWSER_START_MS);
beforeAll(async () => {
  const quick = { BANK_DELAY_MIN_SECONDS: "1", BANK_DELAY_MAX_SECONDS: "2", BANK_APPROVAL_RATE: "1" };
  gateway = await Gateway.start({ env: quick });
});
afterAll(async () => {
  await closeBrowser();
  await endPrograms();
});

const payer = (page: Page) => page.getByTestId("payer").textContent();
const firstRow = (page: Page) => page.locator("tbody tr").first();

async function pay(page: Page, account: string, amount: string): Promise<void> {
  await page.getByLabel("Account number").fill(account);
  await page.getByLabel("Amount").fill(amount);
  await page.getByLabel("Purpose").fill("rent");
  await page.getByRole("button", { name: "Send payment" }).click();
}

test("a payment goes from the form to its final state without a reload", async () => {
  const visitor = await visit(gateway.url);
  await visitor.open("pay");
  const { page } = visitor;
  await pay(page, "40817810099910004312", "19,90");
  await page.getByText("Sent. The bank decides").waitFor();
  await page.locator('tr[data-state="pending"]').waitFor();
  await page.locator('tr[data-state="completed"]').waitFor({ timeout: 10_000 });
  const row = (await firstRow(page).textContent()) ?? "";
  expect(row).toContain("19.90");
  expect(row).toContain("40817810099910004312");
  expect(row).toContain("rent");
  expect(row).toMatch(/Payment processed in \d seconds/);
  expect(visitor.errors).toEqual([]);
  expect(visitor.strangers).toEqual([]);
});

test("payments and payer survive a reload, and the newest is on top", async () => {
  const visitor = await visit(gateway.url);
  await visitor.open("pay");
  const { page } = visitor;
  await pay(page, "1111", "1.00");
  await page.locator("tbody tr").first().waitFor();
  await pay(page, "2222", "2.00");
  await page.locator("tbody tr").nth(1).waitFor();
  const before = await payer(page);
  await page.reload();
  await page.locator("tbody tr").nth(1).waitFor();
  expect(await payer(page)).toBe(before);
  expect(await firstRow(page).textContent()).toContain("2222");
  await page.locator('tr[data-state="completed"]').nth(1).waitFor({ timeout: 10_000 });
  expect(visitor.errors).toEqual([]);
});

test("a new payer sees none of the other's payments", async () => {
  const visitor = await visit(gateway.url);
  await visitor.open("pay");
  const { page } = visitor;
  await pay(page, "3333", "3.00");
  await firstRow(page).waitFor();
  const before = await payer(page);
  await page.getByRole("button", { name: "Become somebody else" }).click();
  await page.getByText("No payments yet").waitFor();
  expect(await payer(page)).not.toBe(before);
});

test("what is wrong with the form is said at the field, and nothing is sent", async () => {
  const visitor = await visit(gateway.url);
  const sent: string[] = [];
  visitor.page.on("request", (request) => request.method() === "POST" && sent.push(request.url()));
  await visitor.open("pay");
  await pay(visitor.page, "", "1.999");
  const amount = visitor.page.getByLabel("Amount");
  expect(await amount.getAttribute("aria-invalid")).toBe("true");
  const note = await amount.getAttribute("aria-describedby");
  expect(await visitor.page.locator(`[id="${note}"]`).textContent()).toContain("at most two decimals");
  await visitor.page.getByText("Enter the account").waitFor();
  expect(sent).toEqual([]);
});

test("what the service refuses is shown in its own words", async () => {
  const visitor = await visit(gateway.url);
  await visitor.open("pay");
  await pay(visitor.page, "x".repeat(300), "5.00");
  await visitor.page.getByText("Please correct: accountNumber").waitFor();
});

test("without the service the payer is told so, and sending again pays once", async () => {
  const visitor = await visit(gateway.url);
  await visitor.open("pay");
  const { page } = visitor;
  const keys: (string | null)[] = [];
  // The service takes the payment, and its answer is lost on the way.
  await page.route("**/payments", async (route) => {
    keys.push(await route.request().headerValue("idempotency-key"));
    if (keys.length > 1) return route.continue();
    await route.fetch();
    await route.abort();
  });
  await pay(page, "4444", "4.00");
  await page.getByText("The service does not answer").waitFor();
  await page.getByRole("button", { name: "Send payment" }).click();
  await firstRow(page).waitFor();
  expect(keys).toHaveLength(2);
  expect(keys[1]).toBe(keys[0] ?? "a key");
});
