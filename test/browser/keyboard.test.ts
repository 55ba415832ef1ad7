import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { Gateway } from "../e2e/gateway.ts";
import { endPrograms } from "../e2e/program.ts";
import { BROWSER_START_MS, closeBrowser, openBrowser, visit } from "./browser.ts";

/** The console without a pointer: everything is reached, everything is seen to be reached. */
let gateway: Gateway;

beforeAll(openBrowser, BROWSER_START_MS);
beforeAll(async () => {
  const env = { BANK_DELAY_MIN_SECONDS: "0", BANK_DELAY_MAX_SECONDS: "1", ADMIN_TOKEN: "a-token-for-tests" };
  gateway = await Gateway.start({ env });
});
afterAll(async () => {
  await closeBrowser();
  await endPrograms();
});

const TABS_MAX = 60;

/** Presses Tab until the focus is where it should be; throws if it never gets there. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let presses = 0; presses < TABS_MAX; presses++) {
    await page.keyboard.press("Tab");
    if ((await nameOfFocus(page)).startsWith(name)) return;
  }
  throw new Error(`${TABS_MAX} times Tab did not lead to "${name}"`);
}

/** What a screen reader would call the focused element, roughly. */
const nameOfFocus = (page: Page) =>
  page.evaluate(() => {
    const element = document.activeElement;
    if (!(element instanceof HTMLElement)) return "";
    const labels = element instanceof HTMLInputElement ? [...(element.labels ?? [])] : [];
    const label = element.getAttribute("aria-label") ?? labels.map((one) => one.textContent).join(" ");
    return (label === "" ? element.textContent : label).trim();
  });

const focusIsVisible = (page: Page) =>
  page.evaluate(() => {
    const element = document.activeElement;
    if (element === null) return false;
    const { outlineStyle, outlineWidth } = getComputedStyle(element);
    return outlineStyle !== "none" && Number.parseFloat(outlineWidth) >= 2;
  });

test("a payment is made with the keyboard alone, from the skip link to the final state", async () => {
  const visitor = await visit(gateway.url);
  await visitor.open("pay");
  const { page } = visitor;
  await tabTo(page, "Skip to the page");
  await page.keyboard.press("Enter");
  await tabTo(page, "Account number");
  expect(await focusIsVisible(page)).toBe(true);
  await page.keyboard.type("4070281");
  await tabTo(page, "Amount");
  await page.keyboard.type("12.50");
  await tabTo(page, "Purpose");
  await tabTo(page, "Send payment");
  expect(await focusIsVisible(page)).toBe(true);
  await page.keyboard.press("Enter");
  await page.locator('tr[data-state="completed"], tr[data-state="rejected"]').waitFor({ timeout: 10_000 });
  expect(visitor.errors).toEqual([]);
});

test("another page takes the focus to its heading, so that it is read out", async () => {
  const visitor = await visit(gateway.url);
  await visitor.open("pay");
  const { page } = visitor;
  await tabTo(page, "Topics");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Topics", level: 1 }).waitFor();
  expect(await nameOfFocus(page)).toBe("Topics");
  expect(await page.title()).toBe("Topics – catraca");
});

test("signing in: read only before, the dialog keeps the focus, Escape closes it, a wrong token is refused", async () => {
  const visitor = await visit(gateway.url);
  await visitor.open("dead-letters");
  const { page } = visitor;
  await page.getByText("Read only.").waitFor();
  await tabTo(page, "Sign in");
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog");
  await dialog.waitFor();
  await page.keyboard.press("Escape");
  // The element itself: a dialog that is closed has no role any more, a moment before the page has taken it away.
  await page.locator("dialog").waitFor({ state: "detached" });
  expect(await nameOfFocus(page)).toBe("Sign in");
  await page.keyboard.press("Enter");
  await dialog.waitFor();
  await tabTo(page, "Administrator's token");
  await page.keyboard.type("wrong");
  await page.keyboard.press("Enter");
  await page.getByText("That is not the token").waitFor();
  await dialog.getByLabel("Administrator's token").fill("a-token-for-tests");
  await page.keyboard.press("Enter");
  await page.getByText("Signed in.").waitFor();
  await page.getByText("Read only.").waitFor({ state: "detached" });
  expect(await page.evaluate(() => [document.cookie, JSON.stringify(localStorage)].join())).not.toContain(
    "a-token",
  );
});

test("the page has landmarks, and every field has a label", async () => {
  const visitor = await visit(gateway.url);
  for (const place of ["pay", "payments", "accounts", "shop", "simulator"]) {
    await visitor.open(place);
    const { page } = visitor;
    expect(await page.getByRole("main").count()).toBe(1);
    expect(await page.getByRole("navigation", { name: "Pages" }).count()).toBe(1);
    const unnamed = await page.evaluate(() =>
      [...document.querySelectorAll<HTMLInputElement>("input, select, button")]
        .filter((field) => {
          const label = field.getAttribute("aria-label") ?? field.textContent ?? "";
          return label.trim() === "" && (field.labels?.length ?? 0) === 0;
        })
        .map((field) => field.outerHTML),
    );
    expect(unnamed).toEqual([]);
  }
});
