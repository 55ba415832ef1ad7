import { existsSync } from "node:fs";
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from "playwright-core";

/**
 * A real Chromium in front of the console of a running executable. Whatever a page of the console must never do is
 * watched on every page that is opened here: talk to another host, or write an error to the browser's console.
 */
const CHROMIUM = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
if (!existsSync(CHROMIUM)) throw new Error(`${CHROMIUM} is missing: install chromium, or set CHROMIUM`);

/** A browser that keeps to itself: no calls home that a test would have to tell from ours. */
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** The first start reads 300 MB from the disk, on a machine that may have other things to do. */
export const BROWSER_START_MS = 120_000;

let browser: Browser | undefined;

/** What a visitor's page did that it should not have done. */
export class Visit {
  readonly page: Page;
  readonly errors: string[] = [];
  readonly strangers: string[] = [];
  readonly #base: string;

  constructor(page: Page, base: string) {
    this.page = page;
    this.#base = base;
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") this.errors.push(message.text());
    });
    page.on("pageerror", (error) => this.errors.push(error.message));
    page.on("request", (request) => {
      const url = request.url();
      if (!url.startsWith(`${base}/`) && !url.startsWith("data:")) this.strangers.push(url);
    });
  }

  /** Opens a place of the console, such as `pay` or `payments?state=failed`. */
  async open(place: string): Promise<void> {
    await this.page.goto(`${this.#base}/#/${place}`);
    await this.page.locator("#page-title").waitFor();
  }
}

/** Opens the console in a browser window of its own: no cookies, nothing stored. */
export async function visit(base: string, options: BrowserContextOptions = {}): Promise<Visit> {
  const context = await openContext(options);
  return new Visit(await context.newPage(), base);
}

export async function openContext(options: BrowserContextOptions = {}): Promise<BrowserContext> {
  if (browser === undefined) throw new Error("no browser: beforeAll(openBrowser, BROWSER_START_MS) opens it");
  const wide = { width: 1280, height: 800 };
  return browser.newContext({ locale: "en-GB", viewport: wide, ...options });
}

/** For `beforeAll`, with BROWSER_START_MS: a test's own time is for the test. */
export async function openBrowser(): Promise<void> {
  browser ??= await chromium.launch({ executablePath: CHROMIUM, args: FLAGS, timeout: BROWSER_START_MS });
}

/** For `afterAll`. */
export async function closeBrowser(): Promise<void> {
  await browser?.close();
  browser = undefined;
}
