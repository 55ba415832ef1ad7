/** Section E over HTTP: exactly once through kill -9, never negative, never stale (R1, R9). */
import { afterAll, describe, expect, test } from "bun:test";
import { type Answer, call, post } from "./client.ts";
import { Gateway } from "./gateway.ts";
import { LedgerWatch, ledgerDifferences } from "./ledger.ts";
import { endPrograms } from "./program.ts";
import { forEachLimited, randomOf, wholeBetween } from "./seed.ts";

afterAll(endPrograms);

function field(answer: Answer, name: string): unknown {
  return (answer.body as Record<string, unknown>)[name]; // every answer here is an object
}

async function createWallet(gateway: Gateway, balance: number): Promise<string> {
  const answer = await post(`${gateway.url}/api/v1/wallets/`, { initial_balance: balance });
  expect([answer.status, field(answer, "balance")]).toEqual([200, balance]);
  return String(field(answer, "wallet_uuid"));
}

const walletUrl = (gateway: Gateway, uuid: string) => `${gateway.url}/api/v1/wallets/${uuid}`;

async function balanceOf(gateway: Gateway, uuid: string): Promise<number> {
  const answer = await call(walletUrl(gateway, uuid));
  expect(answer.status).toBe(200);
  return Number(field(answer, "balance"));
}

const operate = (gateway: Gateway, uuid: string, operationType: string, amount: number, query = "") =>
  post(`${walletUrl(gateway, uuid)}/operation${query}`, { operationType, amount });

interface OperationView {
  readonly operation_id: string;
  readonly operationType: "DEPOSIT" | "WITHDRAW";
  readonly amount: number;
  readonly status: string;
  readonly balance_after: number;
}

/** All operations of a wallet, newest first, page by page. */
async function allOperations(gateway: Gateway, uuid: string): Promise<OperationView[]> {
  const all: OperationView[] = [];
  for (let cursor = ""; ; ) {
    const page = await call(`${walletUrl(gateway, uuid)}/operations?limit=500&cursor=${cursor}`);
    expect(page.status).toBe(200);
    all.push(...(field(page, "items") as OperationView[])); // the contract's shape
    const next = field(page, "next");
    if (next === null) return all;
    cursor = String(next);
  }
}

describe("a wallet", () => {
  test("takes queued and waited-for operations, and tells each one's outcome", async () => {
    const gateway = await Gateway.start();
    const uuid = await createWallet(gateway, 100);
    const queued = await operate(gateway, uuid, "WITHDRAW", 30);
    expect(queued.body).toEqual({
      status: "queued",
      detail: "Operation is queued for async processing",
      operation_id: field(queued, "operation_id"),
    });
    const one = await call(`${walletUrl(gateway, uuid)}/operations/${field(queued, "operation_id")}/`);
    expect(one.body).toMatchObject({
      operation_id: field(queued, "operation_id"),
      operationType: "WITHDRAW",
      amount: 30,
      status: "applied",
      reason: null,
      balance_after: 70,
    });
    const waited = await operate(gateway, uuid, "DEPOSIT", 0.01, "?sync=true");
    expect([waited.status, field(waited, "wallet_uuid"), field(waited, "balance")]).toEqual([
      200,
      uuid,
      70.01,
    ]);
    const refused = await operate(gateway, uuid, "WITHDRAW", 70.02, "?sync=true");
    expect([refused.status, field(refused, "code")]).toEqual([400, "INSUFFICIENT_FUNDS"]);
    const listed = await allOperations(gateway, uuid);
    expect(listed.map(({ status, balance_after }) => [status, balance_after])).toEqual([
      ["rejected", 70.01],
      ["applied", 70.01],
      ["applied", 70],
    ]);
    await gateway.kill();
  });

  test("that does not exist is 404, what is no UUID is 422", async () => {
    const gateway = await Gateway.start();
    const uuid = await createWallet(gateway, 0);
    const unknown = crypto.randomUUID();
    expect((await call(walletUrl(gateway, unknown))).status).toBe(404);
    expect((await operate(gateway, unknown, "DEPOSIT", 1)).status).toBe(404);
    expect((await operate(gateway, unknown, "DEPOSIT", 1, "?sync=true")).status).toBe(404);
    expect((await call(`${walletUrl(gateway, unknown)}/operations`)).status).toBe(404);
    expect((await call(`${walletUrl(gateway, uuid)}/operations/${unknown}`)).status).toBe(404);
    expect((await call(walletUrl(gateway, "abc"))).status).toBe(422);
    expect((await operate(gateway, "abc", "DEPOSIT", 1)).status).toBe(422);
    expect((await operate(gateway, uuid, "DEPOSIT", 0)).status).toBe(422);
    expect((await operate(gateway, uuid, "STEAL", 1)).status).toBe(422);
    expect((await operate(gateway, uuid, "DEPOSIT", 1, "?sync=perhaps")).status).toBe(422);
    expect((await operate(gateway, uuid.toUpperCase(), "DEPOSIT", 1)).status).toBe(200);
    expect(await balanceOf(gateway, uuid)).toBe(1);
    await gateway.kill();
  });

  test("is never stale: what is acknowledged or applied is in the next balance", async () => {
    const gateway = await Gateway.start();
    const uuid = await createWallet(gateway, 0);
    for (let round = 1; round <= 200; round++) {
      const answer = await operate(gateway, uuid, "DEPOSIT", 0.01, round % 2 === 0 ? "?sync=true" : "");
      expect(answer.status).toBe(200);
      expect(await balanceOf(gateway, uuid)).toBe(round / 100);
    }
    await gateway.kill();
  });

  test("is never stale at another replica either", async () => {
    const one = await Gateway.start();
    const other = await Gateway.start({ dataDir: one.dataDir, env: { REPLICA_ID: "other" } });
    const uuid = await createWallet(one, 0);
    for (let round = 1; round <= 50; round++) {
      const [here, there] = round % 2 === 0 ? [one, other] : [other, one];
      expect((await operate(here, uuid, "DEPOSIT", 0.01, "?sync=true")).status).toBe(200);
      expect(await balanceOf(there, uuid)).toBe(round / 100);
    }
    await Promise.all([one.kill(), other.kill()]);
  });

  test("with DURABILITY=power is acknowledged when it is applied", async () => {
    const gateway = await Gateway.start({ env: { DURABILITY: "power" } });
    const uuid = await createWallet(gateway, 5);
    const answer = await operate(gateway, uuid, "WITHDRAW", 2);
    expect([answer.status, field(answer, "status")]).toEqual([200, "queued"]);
    expect(await allOperations(gateway, uuid)).toMatchObject([{ status: "applied", balance_after: 3 }]);
    await gateway.kill();
  });
});

test("kill -9 in the middle of 5,000 queued operations: the balance is exact", async () => {
  const { random } = randomOf("kill -9 in queued operations");
  const gateway = await Gateway.start();
  const uuid = await createWallet(gateway, 100_000);
  const acknowledged = new Map<string, number>();
  const killAfter = wholeBetween(random, 1_000, 4_000);
  let sent = 0;
  await forEachLimited(
    Array.from({ length: 5_000 }, (_, index) => index),
    40,
    async (index) => {
      if (acknowledged.size >= killAfter) return;
      const cents = wholeBetween(random, 1, 100);
      const type = index % 3 === 0 ? "WITHDRAW" : "DEPOSIT";
      sent++;
      const answer = await operate(gateway, uuid, type, cents / 100).catch(() => null);
      if (answer?.status !== 200) return;
      acknowledged.set(String(field(answer, "operation_id")), type === "DEPOSIT" ? cents : -cents);
      if (acknowledged.size === killAfter) gateway.signal("SIGKILL");
    },
  );
  await gateway.exited;
  await gateway.restart();

  const operations = await allOperations(gateway, uuid);
  const known = new Set(operations.map(({ operation_id }) => operation_id));
  expect([...acknowledged.keys()].filter((id) => !known.has(id))).toEqual([]);
  expect(known.size).toBe(operations.length);
  expect(operations.length).toBeLessThanOrEqual(sent);
  // Those that got no answer may have been taken; the history says which, and it must add up.
  const cents = operations.reduce((sum, operation) => {
    expect(operation.status).toBe("applied");
    return sum + Math.round(operation.amount * 100) * (operation.operationType === "DEPOSIT" ? 1 : -1);
  }, 10_000_000);
  expect(await balanceOf(gateway, uuid)).toBe(cents / 100);
  for (const { operation_id, amount, operationType } of operations) {
    const expected = acknowledged.get(operation_id);
    if (expected === undefined) continue;
    expect(Math.round(amount * 100) * (operationType === "DEPOSIT" ? 1 : -1)).toBe(expected);
  }
  expect(ledgerDifferences(gateway.databaseFile)).toEqual([]);
  await gateway.kill();
}, 60_000);

/**
 * Jepsen's bank workload, as far as this API allows it: clients take money out of wallets and put it into others, and
 * whatever is read at any moment, no cent is missing and no wallet is negative. The ledger is audited in snapshots
 * all the while. Two replicas serve, and one after the other is killed.
 */
test("bank: money moves between wallets under kills, and every snapshot adds up", async () => {
  const { random } = randomOf("bank");
  const first = await Gateway.start();
  const second = await Gateway.start({ dataDir: first.dataDir, env: { REPLICA_ID: "second" } });
  const replicas = [first, second];
  const wallets = await Promise.all(Array.from({ length: 6 }, () => createWallet(first, 50)));
  const moved = new Map<string, number>(wallets.map((uuid) => [uuid, 5_000]));
  const unsure = new Map<string, number[]>(wallets.map((uuid) => [uuid, []]));
  const watch = new LedgerWatch(first.databaseFile);
  let isRunning = true;

  const pickWallet = () => wallets[Math.floor(random() * wallets.length)] ?? "";
  /** Waits for the outcome. @returns whether the money certainly moved */
  const move = async (uuid: string, type: "DEPOSIT" | "WITHDRAW", cents: number): Promise<boolean> => {
    const signed = type === "DEPOSIT" ? cents : -cents;
    const replica = random() < 0.5 ? first : second;
    const answer = await operate(replica, uuid, type, cents / 100, "?sync=true").catch(codeOf);
    // Nobody listened: certainly not taken. Everything else without an outcome may have been.
    if (answer === "ECONNREFUSED" || answer === "ConnectionRefused") return false;
    if (typeof answer === "string" || answer.status === 503) {
      unsure.get(uuid)?.push(signed);
      return false;
    }
    expect([200, 400]).toContain(answer.status);
    if (answer.status === 400) return false;
    expect(Number(field(answer, "balance"))).toBeGreaterThanOrEqual(0);
    moved.set(uuid, (moved.get(uuid) ?? 0) + signed);
    return true;
  };
  const client = async () => {
    while (isRunning) {
      const cents = wholeBetween(random, 1, 2_000);
      if (await move(pickWallet(), "WITHDRAW", cents)) await move(pickWallet(), "DEPOSIT", cents);
      else await Bun.sleep(5);
    }
  };
  const clients = Array.from({ length: 12 }, client);
  for (const victim of [first, second, first]) {
    await Bun.sleep(wholeBetween(random, 300, 700));
    await victim.kill();
    await Bun.sleep(wholeBetween(random, 0, 300));
    await victim.restart();
  }
  await Bun.sleep(300);
  isRunning = false;
  await Promise.all(clients);
  await watch.stop();

  console.log(`bank: ${watch.audits} audits`);
  expect(watch.differences).toEqual([]);
  expect(watch.audits).toBeGreaterThan(5);
  for (const uuid of wallets) {
    const found = Math.round((await balanceOf(first, uuid)) * 100);
    expect(Math.round((await balanceOf(second, uuid)) * 100)).toBe(found);
    const certain = moved.get(uuid) ?? 0;
    // What got no answer happened or did not: some of these movements must explain the difference.
    expect(sumsOf(unsure.get(uuid) ?? [])).toContain(found - certain);
    const operations = await allOperations(first, uuid);
    const cents = operations
      .filter(({ status }) => status === "applied")
      .reduce((sum, { amount, operationType }) => {
        return sum + Math.round(amount * 100) * (operationType === "DEPOSIT" ? 1 : -1);
      }, 5_000);
    expect(cents).toBe(found);
  }
  expect(ledgerDifferences(first.databaseFile)).toEqual([]);
  await Promise.all(replicas.map((replica) => replica.kill()));
}, 60_000);

/** The code of what a failed fetch threw. */
function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}

/** Every sum that some of the numbers give. */
function sumsOf(numbers: readonly number[]): number[] {
  let sums = new Set([0]);
  for (const number of numbers) sums = new Set([...sums, ...[...sums].map((sum) => sum + number)]);
  return [...sums];
}
