import { afterAll, beforeAll, expect, test } from "bun:test";
import { Gateway } from "../e2e/gateway.ts";
import { endPrograms } from "../e2e/program.ts";
import { BROWSER_START_MS, closeBrowser, openBrowser, visit } from "./browser.ts";

/** Wallets, users, the catalogue and orders: look, create, try. */
let gateway: Gateway;

beforeAll(openBrowser, BROWSER_START_MS);
beforeAll(async () => {
  const shares = { MOCK_GATEWAY_OK_SHARE: "1", MOCK_GATEWAY_ERROR_SHARE: "0", MOCK_GATEWAY_LATE_SHARE: "0" };
  gateway = await Gateway.start({ env: shares });
});
afterAll(async () => {
  await closeBrowser();
  await endPrograms();
});

test("a wallet is created, takes money, gives money, and says no when there is too little", async () => {
  const visitor = await visit(gateway.url);
  await visitor.open("accounts");
  const { page } = visitor;
  const finder = page.getByRole("region", { name: "Wallet", exact: true }).first();
  await finder.getByLabel("Initial balance").fill("100");
  await finder.getByRole("button", { name: "Create" }).click();
  await page.getByLabel("Amount").fill("25.50");
  await page.getByRole("button", { name: "Deposit" }).click();
  await page.locator(".tile-value", { hasText: "125.50" }).waitFor();
  await page.getByLabel("Amount").fill("500");
  await page.getByRole("button", { name: "Withdraw" }).click();
  await page.getByText("The wallet has less than that").waitFor();
  await page.locator("tbody tr", { hasText: "rejected" }).waitFor();
});

test("a user's deposit comes less the fee, once the gateway has charged it", async () => {
  const visitor = await visit(gateway.url);
  await visitor.open("accounts");
  const { page } = visitor;
  const finder = page.getByRole("region", { name: "User", exact: true }).first();
  await finder.getByLabel("Initial balance").fill("100");
  await finder.getByRole("button", { name: "Create" }).click();
  await page.getByLabel("Amount").fill("10");
  await page.getByRole("button", { name: "Deposit" }).click();
  await page.locator(".tile-value", { hasText: "109.80" }).first().waitFor();
  expect(visitor.errors).toEqual([]);
});

test("a product is found, bought, and its order authorized", async () => {
  const visitor = await visit(gateway.url);
  await visitor.open("shop");
  const { page } = visitor;
  await page.getByRole("button", { name: "Fill the catalogue" }).click();
  await page.getByLabel("Name contains").fill("cafe");
  const row = page.locator("tbody tr").first();
  await row.filter({ hasText: "Café" }).waitFor();
  await row.getByRole("button", { name: "Buy" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Reserve and pay" }).click();
  const order = page.getByRole("region", { name: "Order" });
  await order.getByText("authorized").waitFor({ timeout: 15_000 });
  expect(await order.textContent()).toContain("•••• 1111");
  expect(visitor.errors).toEqual([]);
});
