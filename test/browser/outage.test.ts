import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { metric, summaryOf } from "../e2e/client.ts";
import { Gateway } from "../e2e/gateway.ts";
import { endPrograms } from "../e2e/program.ts";
import { BROWSER_START_MS, closeBrowser, openBrowser, visit } from "./browser.ts";

/** An outage of both processors, made and watched on the simulator's page: payments wait, and none is lost. */
let gateway: Gateway;

beforeAll(openBrowser, BROWSER_START_MS);
beforeAll(async () => {
  gateway = await Gateway.start();
});
afterAll(async () => {
  await closeBrowser();
  await endPrograms();
});

const TIMEOUT_MS = 30_000;
/** The page looks at the service once per second. */
const ENOUGH_WAITING = 10;

const failing = (page: Page, name: string) =>
  page
    .getByRole("region", { name: `Processor ${name}` })
    .getByRole("switch", { name: "Fails every payment" });

/** Waits until the line on the page says that so many payments wait. */
async function untilWaiting(page: Page, fits: (count: number) => boolean): Promise<void> {
  const deadline = Date.now() + TIMEOUT_MS;
  while (Date.now() < deadline) {
    const text = (await page.getByTestId("queue").textContent()) ?? "";
    const count = Number(
      /^([\d,]+) waiting · 0 given up$/.exec(text)?.[1]?.replaceAll(",", "") ?? Number.NaN,
    );
    if (fits(count)) return;
    await Bun.sleep(100);
  }
  throw new Error(`the page still says: ${await page.getByTestId("queue").textContent()}`);
}

test("both processors fail, payments wait; they recover, every payment is settled once", async () => {
  const visitor = await visit(gateway.url);
  await visitor.open("simulator");
  const { page } = visitor;
  await page.getByRole("button", { name: "Start sending" }).click();
  await page.getByText(/[1-9]\d* accepted, 0 refused/).waitFor();

  await failing(page, "default").click();
  await failing(page, "fallback").click();
  await untilWaiting(page, (count) => count >= ENOUGH_WAITING);
  await page.getByText("breaker open").first().waitFor({ timeout: TIMEOUT_MS });

  await page.getByRole("button", { name: "Stop" }).click();
  await failing(page, "default").click();
  await failing(page, "fallback").click();
  await untilWaiting(page, (count) => count === 0);

  const { default: first, fallback: second } = await summaryOf(gateway.url);
  const accepted = await metric(gateway.url, "catraca_payments_accepted_total");
  expect(accepted).toBeGreaterThanOrEqual(ENOUGH_WAITING);
  expect(first.count + second.count).toBe(accepted);
  expect(visitor.errors).toEqual([]);
}, 120_000);
