import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UUID_BYTES } from "../domain/uuid.ts";
import { createLogger } from "../log/logger.ts";
import { PaymentQueries } from "../modules/payments/queries.ts";
import { openRingFileForTakeover } from "../ring/ring-file.ts";
import { settingsWith } from "../store/fixtures/store-harness.ts";
import { openReplica, type Replica, ringPathOf } from "./replica.ts";

/** A replica with its real store thread, ring file and database; nothing is dispatched. */
let directory: string;
let lines: string[];
const running: Replica[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "catraca-replica-"));
  lines = [];
});
afterEach(async () => {
  for (const replica of running.splice(0)) await replica.stop(performance.now() + 5000);
  rmSync(directory, { recursive: true, force: true });
});

async function open(overrides: Parameters<typeof settingsWith>[0] = {}) {
  const settings = settingsWith({
    dataDir: directory,
    databaseFile: join(directory, "catraca.db"),
    replicaId: "r1",
    logLevel: "error",
    ...overrides,
  });
  const log = createLogger({
    level: "error",
    thread: "main",
    replica: "r1",
    write: (line) => lines.push(line),
  });
  return openReplica(settings, log, (thread, reason) => lines.push(`${thread} died: ${reason}`));
}

async function opened(overrides?: Parameters<typeof open>[0]): Promise<Replica> {
  const result = await open(overrides);
  if (result.kind === "refused") throw new Error(result.message);
  running.push(result.replica);
  return result.replica;
}

async function stop(replica: Replica): Promise<boolean> {
  running.splice(running.indexOf(replica), 1);
  return replica.stop(performance.now() + 5000);
}

function idOf(number: number): Uint8Array {
  const id = new Uint8Array(UUID_BYTES);
  new DataView(id.buffer).setUint32(12, number);
  return id;
}

describe("a replica", () => {
  test("commits what is submitted, and finds it again after a stop", async () => {
    const first = await opened();
    for (let i = 1; i <= 500; i++)
      expect(first.intake.submitPayment(idOf(i), 1990, Date.now())).toBeGreaterThan(-1);
    await first.intake.caughtUp(2000);
    expect(new PaymentQueries(first.reader).find(idOf(500))).toEqual({
      amountCents: 1990,
      status: "pending",
    });
    expect(await stop(first)).toBe(true);

    const second = await opened();
    expect(second.recovered).toBe(0);
    expect(new PaymentQueries(second.reader).find(idOf(1))).toEqual({ amountCents: 1990, status: "pending" });
  });

  test("answers who waits with what the commit decided", async () => {
    const replica = await opened();
    const pay = (amountCents: number) => replica.intake.executePayment(idOf(1), amountCents, Date.now());
    expect(await pay(1990)).toEqual({ kind: "done", reply: { kind: "accepted" } });
    expect(await pay(1990)).toEqual({ kind: "done", reply: { kind: "repeated" } });
    expect(await pay(1)).toEqual({ kind: "done", reply: { kind: "conflict" } });
  });

  test("leaves out a command that throws; what came with it is committed, and who waits is told", async () => {
    const replica = await opened();
    const before = Array.from({ length: 20 }, (_, i) =>
      replica.intake.executePayment(idOf(i), 100, Date.now()),
    );
    const poison = replica.intake.execute("no.such.command", {});
    const after = Array.from({ length: 20 }, (_, i) =>
      replica.intake.executePayment(idOf(100 + i), 100, Date.now()),
    );
    expect(await poison).toEqual({ kind: "done", reply: { kind: "bug" } });
    for (const execution of await Promise.all([...before, ...after])) {
      expect(execution).toEqual({ kind: "done", reply: { kind: "accepted" } });
    }
    expect(await replica.intake.executePayment(idOf(999), 1, Date.now())).toMatchObject({ kind: "done" });
  });

  test("acknowledges nothing any more once its store thread looks for frames a last time", async () => {
    const replica = await opened();
    const stopping = stop(replica);
    let acknowledged = 0;
    let isStopped = false;
    void stopping.then(() => {
      isStopped = true;
    });
    const submit = () => replica.intake.submitPayment(idOf(acknowledged + 1), 100, Date.now());
    while (!isStopped) {
      if (submit() >= 0) acknowledged++;
      // Slower than the store thread, which would otherwise never see an empty log.
      await Bun.sleep(1);
    }
    expect(await stopping).toBe(true);
    expect(submit()).toBe(-1);
    const { reader, recovered } = await opened();
    // Nothing was left for the next start, which may never come.
    expect(recovered).toBe(0);
    expect(reader.sqlite.query("SELECT count(*) AS count FROM payments").get()).toEqual({
      count: acknowledged,
    });
  });

  test("starts although the end of its log never reached the disk", async () => {
    const first = await opened();
    for (let i = 1; i <= 10; i++) first.intake.submitPayment(idOf(i), 100, Date.now());
    await first.intake.caughtUp(2000);
    await stop(first);
    const ring = openRingFileForTakeover(ringPathOf(join(directory, "catraca.db"), "r1"));
    if (ring.kind === "refused") throw new Error(ring.message);
    ring.ring.memory.storeHead(ring.ring.memory.loadHead() + 6);
    ring.ring.close();
    const second = await opened();
    expect(await second.intake.executePayment(idOf(11), 100, Date.now())).toMatchObject({ kind: "done" });
  });

  test("is refused a second time under the same name, with what to do", async () => {
    await opened();
    const second = await open();
    expect(second).toMatchObject({ kind: "refused", message: expect.stringContaining("in use by process") });
  });

  test("says which durability holds", async () => {
    expect((await opened({ durability: "power" })).durability).toBe("power");
  });

  test("a full intake log is refused, not waited for, and has room again when the store has caught up", async () => {
    const replica = await opened();
    // Somebody else holds the write lock: nothing is taken in meanwhile.
    const other = new Database(join(directory, "catraca.db"));
    other.run("PRAGMA busy_timeout = 2000");
    other.run("BEGIN IMMEDIATE");
    let written = 0;
    while (replica.intake.submitPayment(idOf(written), 1, Date.now()) >= 0) written++;
    expect(written).toBeGreaterThan(15_000);
    expect(replica.intake.fillRatio).toBeGreaterThan(0.99);
    expect(await replica.intake.execute("payments.purge", {})).toEqual({ kind: "busy" });
    other.run("ROLLBACK");
    other.close();
    await replica.intake.caughtUp(20_000);
    expect(replica.intake.submitPayment(idOf(999_999), 1, Date.now())).toBeGreaterThan(-1);
    await replica.intake.caughtUp(20_000);
    const count = replica.reader.sqlite.query("SELECT count(*) AS count FROM payments").get();
    expect(count).toEqual({ count: written + 1 });
  });
});
