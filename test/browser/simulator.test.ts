import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { call, post } from "../e2e/client.ts";
import { Gateway } from "../e2e/gateway.ts";
import { endPrograms } from "../e2e/program.ts";
import { until } from "../e2e/until.ts";
import { BROWSER_START_MS, closeBrowser, openBrowser, visit } from "./browser.ts";

/** The switches of the built-in upstreams: every browser shows how they really stand. */
let gateway: Gateway;

afterEach(() => gateway.stop());
beforeAll(openBrowser, BROWSER_START_MS);
afterAll(async () => {
  await closeBrowser();
  await endPrograms();
});

const ADMIN_TOKEN = "administrators-word";
const panel = (page: Page, name: string) => page.getByRole("region", { name, exact: true });
const toggle = (page: Page, name: string, label: string) =>
  panel(page, name).getByRole("switch", { name: label });
const slider = (page: Page, name: string, label: string) => panel(page, name).getByLabel(label);

/** Moves it with the keyboard, as a hand would: it is set when the hand lets go. */
async function press(page: Page, name: string, label: string, key: string): Promise<void> {
  const handle = slider(page, name, label);
  // It cannot be moved before the page knows who looks at it.
  await until("the slider to be ready", 15_000, () => handle.isEnabled());
  await handle.focus();
  await page.keyboard.press(key);
  await page.getByText("Set.").last().waitFor();
}

/** What a page shows of all upstreams. */
async function shown(page: Page) {
  const value = (name: string, label: string) => slider(page, name, label).inputValue();
  return {
    defaultFails: await toggle(page, "Processor default", "Fails every payment").isChecked(),
    fallbackFails: await toggle(page, "Processor fallback", "Fails every payment").isChecked(),
    fallbackDelay: await value("Processor fallback", "Delay"),
    declines: await toggle(page, "Card gateway", "Declines every card").isChecked(),
    cardDelay: await value("Card gateway", "Delay"),
    errorShare: await value("Payment gateway", "Answers 502"),
    approval: await value("Bank", "Completes"),
    decidesAfter: await value("Bank", "Decides after, at most"),
  };
}

test("what one browser turns, a reload and another browser show", async () => {
  gateway = await Gateway.start();
  const visitor = await visit(gateway.url);
  const tokens: string[] = [];
  visitor.page.on("request", (request) => {
    const token = request.headers()["x-rinha-token"];
    if (token !== undefined) tokens.push(token);
  });
  await visitor.open("simulator");
  const { page } = visitor;
  await toggle(page, "Processor default", "Fails every payment").click();
  await toggle(page, "Card gateway", "Declines every card").click();
  await press(page, "Processor fallback", "Delay", "End");
  await press(page, "Card gateway", "Delay", "PageUp");
  await press(page, "Payment gateway", "Answers 502", "Home");
  await press(page, "Bank", "Completes", "End");
  await press(page, "Bank", "Decides after, at most", "End");
  const turned = {
    defaultFails: true,
    fallbackFails: false,
    fallbackDelay: "5000",
    declines: true,
    cardDelay: expect.stringMatching(/^[1-9]\d*$/),
    errorShare: "0",
    approval: "1",
    decidesAfter: "60",
  };
  expect(await shown(page)).toEqual(turned);
  await page.reload();
  await panel(page, "Bank").waitFor();
  expect(await shown(page)).toEqual(turned);

  const other = await visit(gateway.url);
  await other.open("simulator");
  await panel(other.page, "Bank").waitFor();
  expect(await shown(other.page)).toEqual(turned);
  // And while both look at it.
  await toggle(other.page, "Processor default", "Fails every payment").click();
  await until("the first browser to show it", 10_000, async () => !(await shown(page)).defaultFails);
  expect([visitor.errors, other.errors, tokens]).toEqual([[], [], []]);
}, 60_000);

test("who only reads sees how they stand and turns nothing; signing in turns them", async () => {
  gateway = await Gateway.start({ env: { ADMIN_TOKEN } });
  const visitor = await visit(gateway.url);
  const answers: Promise<string>[] = [];
  visitor.page.on("response", (response) => {
    if (response.url().includes("/api/console/simulator")) answers.push(response.text().catch(() => ""));
  });
  await visitor.open("simulator");
  const { page } = visitor;
  const fails = toggle(page, "Processor default", "Fails every payment");
  await fails.waitFor();
  expect(await fails.isDisabled()).toBe(true);
  expect(await slider(page, "Bank", "Completes").inputValue()).toBe("0.8");
  expect((await Promise.all(answers)).join("")).not.toMatch(/token|"123"/);
  await page.getByRole("button", { name: "Sign in" }).first().click();
  await page.getByRole("dialog").getByLabel("Administrator's token").fill(ADMIN_TOKEN);
  await page.getByRole("dialog").getByRole("button", { name: "Sign in" }).click();
  await fails.click();
  await page.getByText("Set.").waitFor();
  expect(visitor.errors).toEqual([]);
}, 60_000);

describe("an outage of the payment gateway", () => {
  test("goes from the simulator to the dead letters, and back when it is over", async () => {
    gateway = await Gateway.start({ env: { GATEWAY_MAX_ATTEMPTS: "1" } });
    const { page, errors, open } = await opened();
    await open("simulator");
    await press(page, "Payment gateway", "Answers too late", "Home");
    await press(page, "Payment gateway", "Answers 502", "End");
    await post(`${gateway.url}/api/v1/users`, { balance: 0 });
    await open("accounts/user:1");
    await page.getByLabel("Amount").fill("50");
    await page.getByRole("button", { name: "Deposit" }).click();

    await open("dead-letters");
    await until("the letter", 15_000, async () => {
      await page.reload();
      await page.locator("#page-title").waitFor();
      return (await page.getByText("gateway_error_502").count()) > 0;
    });

    await open("simulator");
    await press(page, "Payment gateway", "Answers 502", "Home");
    await open("dead-letters");
    await page.getByRole("button", { name: "Requeue all" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Requeue all" }).click();
    await dialog.getByText("1 of 1 done, 0 refused").waitFor();
    await dialog.getByRole("button", { name: "Close" }).last().click();
    await page.getByText("No dead letters").waitFor();
    await until("the deposit", 10_000, async () => {
      const { body } = await call(`${gateway.url}/api/v1/users/1`);
      return (body as { balance: number }).balance === 49; // the contract's shape; 2 % is the fee
    });
    expect(errors).toEqual([]);
  }, 60_000);
});

async function opened() {
  const visitor = await visit(gateway.url);
  return { page: visitor.page, errors: visitor.errors, open: (place: string) => visitor.open(place) };
}
