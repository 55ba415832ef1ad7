import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { call, post } from "../e2e/client.ts";
import { Gateway } from "../e2e/gateway.ts";
import { endPrograms } from "../e2e/program.ts";
import { until } from "../e2e/until.ts";
import { BROWSER_START_MS, closeBrowser, openBrowser, visit } from "./browser.ts";

/** Dead letters and the search for payments, on what a gateway that always fails leaves behind. */
let gateway: Gateway;
const PAYMENTS = 5;

beforeAll(openBrowser, BROWSER_START_MS);
beforeAll(async () => {
  gateway = await gatewayWithDead(PAYMENTS);
});
afterAll(async () => {
  await closeBrowser();
  await endPrograms();
});

async function gatewayWithDead(count: number): Promise<Gateway> {
  const shares = { MOCK_GATEWAY_OK_SHARE: "0", MOCK_GATEWAY_ERROR_SHARE: "1", MOCK_GATEWAY_LATE_SHARE: "0" };
  const started = await Gateway.start({ env: { ...shares, GATEWAY_MAX_ATTEMPTS: "1" } });
  await post(`${started.url}/api/v1/users`, { balance: 10_000 });
  for (let amount = 1; amount <= count; amount++) {
    await post(`${started.url}/api/v1/payments/withdraw`, { user_id: 1, amount });
  }
  await untilDead(count, started);
  return started;
}

function untilDead(count: number, { url } = gateway): Promise<unknown> {
  return until(`${count} dead letters`, 10_000, async () => {
    const { body } = await call(`${url}/dlq`);
    return (body as { items: unknown[] }).items.length === count; // the contract's listing
  });
}

const rows = (page: Page) => page.locator("tbody tr");

test("a letter shows its attempts, and goes back to the queue after a confirmation", async () => {
  const visitor = await visit(gateway.url);
  await visitor.open("dead-letters");
  const { page } = visitor;
  await rows(page)
    .nth(PAYMENTS - 1)
    .waitFor();
  await rows(page).first().getByRole("link").click();
  await page.getByText("gateway_error_502").first().waitFor();
  expect(await page.locator(".timeline li").count()).toBeGreaterThanOrEqual(2);
  await page.getByRole("button", { name: "Requeue" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Requeue" }).click();
  await page.getByText("Requeued.").waitFor();
  await page.getByRole("heading", { name: "Dead letters", level: 1 }).waitFor();
  expect(visitor.errors).toEqual([]);
  await untilDead(PAYMENTS);
});

test("all that match go back to the queue: counted first, with their progress", async () => {
  const visitor = await visit(gateway.url);
  await visitor.open("dead-letters?source=users");
  const { page } = visitor;
  await rows(page)
    .nth(PAYMENTS - 1)
    .waitFor();
  await page.getByRole("button", { name: "Requeue all" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText(`${PAYMENTS} dead letters match`).waitFor();
  await dialog.getByRole("button", { name: "Requeue all" }).click();
  await dialog.getByText(`${PAYMENTS} of ${PAYMENTS} done, 0 refused`).waitFor();
  expect(visitor.errors).toEqual([]);
  await untilDead(PAYMENTS);
});

test("a job stays in sight when its dialog is closed: it can be opened again, and stopped", async () => {
  const many = 45;
  const own = await gatewayWithDead(many);
  const visitor = await visit(own.url);
  const { page } = visitor;
  // Three quarters of a minute, so that it can be watched: the console itself asks for a hundred letters per second.
  await page.route("**/dlq/requeue", (route) => {
    const body = { ...route.request().postDataJSON(), perSecond: 1 };
    return route.continue({ postData: JSON.stringify(body) });
  });
  await visitor.open("dead-letters");
  await page.getByRole("button", { name: "Requeue all" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Requeue all" }).click();
  await dialog.getByText(`of ${many} done`).waitFor();
  await dialog.getByRole("button", { name: "Close" }).last().click();
  await dialog.waitFor({ state: "detached" });
  // Whoever opens the page now sees it as well: the service knows what is running.
  await page.reload();
  const line = page.getByRole("region", { name: /^Job \d+$/ });
  await line.getByText(`of ${many} done`).waitFor();
  await line.getByRole("button", { name: "Show" }).click();
  await dialog.getByText(`of ${many} done`).waitFor();
  expect(await dialog.getByText("match the filter").count()).toBe(0);
  await dialog.getByRole("button", { name: "Close" }).last().click();
  await line.getByRole("button", { name: "Stop" }).click();
  await line.waitFor({ state: "detached" });
  await page.getByText(/Requeue all: \d+ of 45 done.*Stopped\./).waitFor();
  expect(visitor.errors).toEqual([]);
  await own.stop();
});

test("the payments that failed are found by state and amount; the filters are in the address", async () => {
  const visitor = await visit(gateway.url);
  await visitor.open("payments");
  const { page } = visitor;
  await page.getByLabel("State").selectOption("failed");
  await page.getByLabel("Amount from").fill("4");
  await page.waitForURL(/state=failed.*minAmount=4/);
  await page.getByText("2 shown").waitFor();
  await page.reload();
  await page.getByText("2 shown").waitFor();
  expect(await page.getByLabel("Amount from").inputValue()).toBe("4");
  await rows(page).first().getByRole("link").click();
  await page.getByRole("heading", { name: "Payment", level: 1 }).waitFor();
  await page.getByText("gateway_error_502").first().waitFor();
  await page.getByRole("link", { name: "All payments" }).click();
  await page.getByText("2 shown").waitFor();
  expect(visitor.errors).toEqual([]);
});

test("all that match are discarded by the service, also if the page is closed, and the page is empty", async () => {
  const visitor = await visit(gateway.url);
  await visitor.open("dead-letters");
  const { page } = visitor;
  const changes: string[] = [];
  page.on("request", (request) => {
    if (request.method() !== "GET") changes.push(new URL(request.url()).pathname);
  });
  await page.getByRole("button", { name: "Discard all" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Discard all" }).click();
  await dialog.getByText(`${PAYMENTS} of ${PAYMENTS} done`).waitFor();
  await dialog.getByRole("button", { name: "Close" }).last().click();
  await page.getByText("No dead letters").waitFor();
  // It counted and started it; nothing was deleted by the page itself.
  expect(changes).toEqual(["/dlq/requeue", "/dlq/discard"]);
  expect(visitor.errors).toEqual([]);
});
