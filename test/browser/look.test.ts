import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { PAGE_NAMES } from "../../src/console/browser/page-names.ts";
import { Gateway } from "../e2e/gateway.ts";
import { endPrograms } from "../e2e/program.ts";
import { BROWSER_START_MS, closeBrowser, openBrowser, openContext, visit } from "./browser.ts";

/** How the console looks and loads: both themes, a phone, what it weighs, what it may not do. */
let gateway: Gateway;

beforeAll(openBrowser, BROWSER_START_MS);
beforeAll(async () => {
  gateway = await Gateway.start();
});
afterAll(async () => {
  await closeBrowser();
  await endPrograms();
});

const GZIPPED_BYTES_MAX = 150_000;
const FIRST_PAINT_MAX_MS = 1000;
const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };

const groundOf = (page: Page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);

/** 0 is black, 1 is white. */
async function brightness(page: Page): Promise<number> {
  const channels = (await groundOf(page)).match(/\d+/g)?.slice(0, 3).map(Number) ?? [];
  return channels.reduce((sum, channel) => sum + channel, 0) / (3 * 255);
}

describe("every page", () => {
  for (const name of PAGE_NAMES) {
    test(`${name} opens without an error and without another host`, async () => {
      const visitor = await visit(gateway.url);
      await visitor.open(name);
      await visitor.page.waitForTimeout(700);
      expect(visitor.errors).toEqual([]);
      expect(visitor.strangers).toEqual([]);
      expect(await visitor.page.locator("h1").count()).toBe(1);
      await visitor.page.context().close();
    });

    test(`${name} fits a phone of 360 px`, async () => {
      const { page, open } = await phone();
      await open(name);
      await page.waitForTimeout(400);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
      await page.context().close();
    });
  }
});

async function phone() {
  const visitor = await visit(gateway.url, PHONE);
  return { page: visitor.page, open: (place: string) => visitor.open(place) };
}

test("on a phone the navigation opens with a button and closes when a page is chosen", async () => {
  const { page, open } = await phone();
  await open("overview");
  const link = page.getByRole("link", { name: "Topics" });
  expect(await link.isVisible()).toBe(false);
  await page.getByRole("button", { name: "Menu" }).click();
  await link.click();
  await page.getByRole("heading", { name: "Topics", level: 1 }).waitFor();
  await link.waitFor({ state: "hidden" });
});

test("the theme follows the device, and the switch is stronger and stays", async () => {
  const dark = await visit(gateway.url, { colorScheme: "dark" });
  await dark.open("pay");
  expect(await brightness(dark.page)).toBeLessThan(0.2);
  const light = await visit(gateway.url, { colorScheme: "light" });
  await light.open("pay");
  expect(await brightness(light.page)).toBeGreaterThan(0.9);
  await light.page.getByRole("radio", { name: "Dark" }).check({ force: true });
  expect(await brightness(light.page)).toBeLessThan(0.2);
  await light.page.reload();
  await light.page.locator("#page-title").waitFor();
  expect(await brightness(light.page)).toBeLessThan(0.2);
});

test("the language follows the browser, and the choice is stronger and stays", async () => {
  const visitor = await visit(gateway.url, { locale: "pt-BR" });
  await visitor.open("pay");
  const { page } = visitor;
  await page.getByRole("heading", { name: "Pagar", level: 1 }).waitFor();
  await page.getByLabel("Idioma").selectOption("ru");
  await page.getByRole("heading", { name: "Оплата", level: 1 }).waitFor();
  await page.reload();
  await page.getByRole("heading", { name: "Оплата", level: 1 }).waitFor();
  expect(await page.evaluate(() => document.documentElement.lang)).toBe("ru");
  expect(visitor.errors).toEqual([]);
});

test("scripts and styles weigh less than 150 KB gzipped, and the first paint comes within a second", async () => {
  const visitor = await visit(gateway.url);
  const sizes: Promise<number>[] = [];
  visitor.page.on("response", (response) => {
    if (/\.(js|css)$/.test(response.url())) sizes.push(response.headerValue("content-length").then(Number));
  });
  await visitor.open("pay");
  // The browser reports a paint a moment after it has happened.
  await visitor.page.waitForFunction(() => performance.getEntriesByName("first-contentful-paint").length > 0);
  expect(sizes.length).toBeGreaterThanOrEqual(2);
  const bytes = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  expect(bytes).toBeGreaterThan(10_000);
  expect(bytes).toBeLessThan(GZIPPED_BYTES_MAX);
  const paintMs = await visitor.page.evaluate(
    () => performance.getEntriesByName("first-contentful-paint")[0]?.startTime,
  );
  expect(paintMs).toBeLessThan(FIRST_PAINT_MAX_MS);
});

test("the policy keeps out what was injected", async () => {
  const context = await openContext();
  const page = await context.newPage();
  const response = await page.goto(gateway.url);
  const policy = response?.headers()["content-security-policy"] ?? "";
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toContain("unsafe");
  const ran = await page.evaluate(async () => {
    const script = document.createElement("script");
    // With trusted types the text itself is refused, else the policy refuses to run it.
    try {
      script.textContent = "window.injected = true";
      document.body.append(script);
    } catch {}
    return "injected" in window;
  });
  expect(ran).toBe(false);
});
