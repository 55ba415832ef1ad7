/** Without ADMIN_OPEN, nobody becomes an administrator by coming through nginx, which runs on the same machine. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Deployment } from "../../scripts/challenge/deployment.ts";
import { startProcesses } from "../../scripts/challenge/process-deployment.ts";
import { call } from "../e2e/client.ts";

let set: Deployment;
beforeAll(async () => {
  set = await startProcesses({ settings: { ADMIN_OPEN: "" } });
}, 30_000);
afterAll(() => set?.close(), 30_000);

const purge = (headers: Record<string, string>) =>
  call(`${set.url}/payments-purge`, { method: "POST", headers }).then(({ status }) => status);

test("what comes through the balancer is not from this machine, whatever it claims", async () => {
  expect(await purge({})).toBe(403);
  expect(await purge({ "x-real-ip": "127.0.0.1", "x-forwarded-for": "127.0.0.1" })).toBe(403);
});
