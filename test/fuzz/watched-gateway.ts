import { Database } from "bun:sqlite";
import { readFileSync } from "node:fs";
import { call, metric } from "../e2e/client.ts";
import { Gateway } from "../e2e/gateway.ts";
import { runProgram } from "../e2e/program.ts";
import { until } from "../e2e/until.ts";
import { ADMIN_TOKEN } from "./request-headers.ts";

/** Everything built in, everything quick, and an administrator who has a token. */
const ENVIRONMENT = {
  ADMIN_TOKEN,
  LONG_POLL_SECONDS: "0.05",
  BANK_DELAY_MIN_SECONDS: "0",
  BANK_DELAY_MAX_SECONDS: "0.05",
  GATEWAY_TIMEOUT_SECONDS: "0.2",
  GATEWAY_BACKOFF_BASE_SECONDS: "0.05",
  GATEWAY_BACKOFF_MAX_SECONDS: "0.1",
  GATEWAY_BACKOFF_JITTER_SECONDS: "0",
  ORDER_RETRY_BASE_SECONDS: "0.05",
  ORDER_DUPLICATE_WINDOW_SECONDS: "0.5",
  RESERVATION_TTL_SECONDS: "3",
  PROCESSOR_TIMEOUT_SECONDS: "1",
};

/** Starts the gateway that is fuzzed. */
export function startFuzzedGateway(env: Readonly<Record<string, string>> = {}): Promise<Gateway> {
  return Gateway.start({ env: { ...ENVIRONMENT, ...env } });
}

/** What a fuzzed gateway must still be: alive, ready, with no defect in its log. @returns what it is not */
export async function findHarm(gateway: Gateway): Promise<string[]> {
  if (gateway.hasExited) return [`the process has ended: ${gateway.logs.slice(-2_000)}`];
  const harm = gateway.logs
    .split("\n")
    .filter((line) => /"level":"(?:error|fatal)"|^error:|panic/.test(line));
  const { status, text } = await call(`${gateway.url}/health/ready`);
  if (status !== 200) harm.push(`not ready: ${status} ${text}`);
  return harm;
}

/** RSS of the process, MB. */
export function residentMegabytes(gateway: Gateway): number {
  const status = readFileSync(`/proc/${gateway.pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1024;
}

/** Waits until nothing is left to be done, puts the built-in upstreams right before. */
export async function settle(gateway: Gateway, timeoutMs: number): Promise<void> {
  const put = async (path: string, body: object) => {
    const headers = { "content-type": "application/json", "x-rinha-token": "123" };
    const { status, text } = await call(`${gateway.url}${path}`, {
      method: "PUT",
      headers: { ...headers, authorization: `Bearer ${ADMIN_TOKEN}` },
      body: JSON.stringify(body),
    });
    if (status !== 200) throw new Error(`PUT ${path} answered ${status} ${text}`);
  };
  for (const upstream of ["/processors/default", "/processors/fallback", "/card-gateway"]) {
    await put(`${upstream}/admin/configurations/delay`, { delay: 0 });
    await put(`${upstream}/admin/configurations/failure`, { failure: false });
    await put(`${upstream}/admin/configurations/faults`, {});
  }
  await put("/card-gateway/admin/configurations/decline", { decline: false });
  await put("/api/console/simulator/gateway", { errorShare: 0, lateShare: 0 });
  await put("/api/console/simulator/bank", { approvalRate: 1, delayMinSeconds: 0, delayMaxSeconds: 0.01 });
  try {
    await until("the queue to be empty", timeoutMs, async () => {
      return (await metric(gateway.url, "catraca_queue_depth")) === 0;
    });
  } catch (error) {
    throw new Error(`${error}; what is left: ${JSON.stringify(tasksOf(gateway.databaseFile))}`);
  }
}

function tasksOf(databaseFile: string): unknown[] {
  const database = new Database(databaseFile, { readonly: true });
  try {
    return database.query(`SELECT *, ${Date.now()} AS now_ms FROM tasks LIMIT 10`).all();
  } finally {
    database.close();
  }
}

/** `catraca audit` on the gateway's database. @returns its output if the books differ, else null */
export async function findDifference(gateway: Gateway): Promise<string | null> {
  const { code, output } = await runProgram(["audit", "--database-file", gateway.databaseFile]);
  return code === 0 ? null : output;
}
