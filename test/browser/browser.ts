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

let browser: Promise<Browser> | undefined;

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
  browser ??= chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  const wide = { width: 1280, height: 800 };
  return (await browser).newContext({ locale: "en-GB", viewport: wide, ...options });
}

/** For `afterAll`. */
export async function closeBrowser(): Promise<void> {
  await (await browser)?.close();
  browser = undefined;
}
