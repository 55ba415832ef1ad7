/**
 * Makes the pictures of docs/images: three minutes of payments with an outage of the cheaper processor in the middle.
 *
 *   bun test/browser/screenshots.ts [directory]
 */
import { join, resolve } from "node:path";
import type { BrowserContextOptions } from "playwright-core";
import { call, post } from "../e2e/client.ts";
import { Gateway } from "../e2e/gateway.ts";
import { closeBrowser, openBrowser, openContext } from "./browser.ts";

const DIRECTORY = resolve(process.argv[2] ?? join(import.meta.dir, "../../docs/images"));
const TICK_MS = 100;
/** Payments per second come and go in waves around this many. */
const WAVE = { mean: 120, height: 50, periodMs: 60_000 };
/** When the cheaper processor begins to fail, when it is well again, when the pictures are taken. */
const STORY_MS = { outage: 90_000, recovery: 130_000, pictures: 180_000 };

const WIDE = { width: 1280, height: 860 };
const PHONE = { viewport: { width: 360, height: 780 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };

await openBrowser();
const gateway = await Gateway.start();
const startedAt = performance.now();
const load = setInterval(() => {
  const phase = ((performance.now() - startedAt) / WAVE.periodMs) * 2 * Math.PI;
  const count = ((WAVE.mean + WAVE.height * Math.sin(phase)) * TICK_MS) / 1000;
  for (let i = 0; i < count; i++) {
    void post(`${gateway.url}/payments`, { correlationId: crypto.randomUUID(), amount: 7.5 });
  }
}, TICK_MS);

async function fail(isFailing: boolean): Promise<void> {
  await fetch(`${gateway.url}/api/console/simulator/default`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ failure: isFailing }),
  });
}

const until = (storyMs: number) => Bun.sleep(Math.max(0, startedAt + storyMs - performance.now()));

async function shoot(name: string, place: string, options: BrowserContextOptions): Promise<void> {
  const context = await openContext({ viewport: WIDE, ...options });
  const page = await context.newPage();
  await page.goto(`${gateway.url}/#/${place}`);
  await page.locator("#page-title").waitFor();
  if (name.includes("phone")) await fillPayments(page.getByRole("button", { name: "Send payment" }), page);
  // Charts and lists come a moment later.
  await page.waitForTimeout(2_500);
  await page.screenshot({ path: join(DIRECTORY, `console-${name}.png`) });
  await context.close();
}

/** A payer's page with nothing on it says little. */
async function fillPayments(
  button: { click: () => Promise<void> },
  page: { getByLabel: (label: string) => { fill: (text: string) => Promise<void> } },
): Promise<void> {
  for (const amount of ["19.90", "250.00"]) {
    await page.getByLabel("Account number").fill("DE02120300000000202051");
    await page.getByLabel("Amount").fill(amount);
    await button.click();
  }
}

/** A payment that was tried in vain before it was settled. */
async function eventfulPayment(): Promise<string> {
  const { body } = await call(`${gateway.url}/api/console/payments?source=payments&error=http_500&limit=1`);
  return (body as { items: { id: string }[] }).items[0]?.id ?? ""; // the shape of the listing
}

await until(STORY_MS.outage);
await fail(true);
await until(STORY_MS.recovery);
await fail(false);
await until(STORY_MS.pictures);
await shoot("overview-light", "overview", { colorScheme: "light" });
await shoot("overview-dark", "overview", { colorScheme: "dark" });
await shoot("simulator", "simulator", { colorScheme: "light" });
await shoot("payment", `payments/payments:${await eventfulPayment()}`, {
  viewport: { width: 1280, height: 640 },
});
await shoot("pay-phone", "pay", PHONE);
clearInterval(load);
await closeBrowser();
await gateway.stop();
process.exit(0);
