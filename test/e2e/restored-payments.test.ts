/**
 * R19 and R3: the gateway goes on after a backup and charges what is pending in it; whoever restores that backup
 * charges nothing a second time, at neither processor.
 */
import { afterAll, expect, test } from "bun:test";
import { copyFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { findPayment, settledPayment } from "./client.ts";
import { Gateway, startProcessors } from "./gateway.ts";
import { postMany } from "./load.ts";
import { PROCESSORS, type ProcessorPair } from "./processors.ts";
import { emptyDirectory, endPrograms, runProgram } from "./program.ts";
import { until } from "./until.ts";

const COUNT = 20;
const CENTS = 1_990;
// The least patience with the calls of the old gateway: six seconds. The tests wait for it side by side.
const PATIENCE = { PROCESSOR_TIMEOUT_SECONDS: "1", MAX_HOLD_SECONDS: "1" };
const CERTAIN_AFTER_MS = 6_000;

afterAll(endPrograms);

/** A backup in which payments are pending that the gateway that made it has charged at fallback since. */
class OutdatedBackup {
  readonly processors: ProcessorPair;
  readonly file: string;
  readonly ids: readonly string[];

  private constructor(processors: ProcessorPair, file: string, ids: readonly string[]) {
    this.processors = processors;
    this.file = file;
    this.ids = ids;
  }

  static async make(): Promise<OutdatedBackup> {
    const processors = await startProcessors();
    const file = join(await emptyDirectory(), "backup.db");
    for (const name of PROCESSORS) await processors[name].setFailure(true);
    const gateway = await Gateway.start({ processors, env: PATIENCE });
    const ids = await postMany(gateway.url, COUNT, CENTS);
    // Read from the database: so all of them are in the backup.
    for (const id of ids) expect(await findPayment(gateway.url, id)).toMatchObject({ status: "pending" });
    const made = await runProgram(["backup", file], { env: { DATA_DIR: gateway.dataDir } });
    expect(`${made.code} ${made.output}`).toContain(`0 backup verified: ${file} holds ${COUNT} payments`);
    await processors.fallback.setFailure(false);
    for (const id of ids) await settledPayment(gateway.url, id, 20_000);
    await gateway.stop();
    const backup = new OutdatedBackup(processors, file, ids);
    expect(await backup.charged()).toEqual({ default: 0, fallback: COUNT });
    // Both are well, and the cheaper one would be the first choice for any payment that nobody has seen.
    await processors.heal();
    return backup;
  }

  async charged() {
    const { default: byDefault, fallback } = this.processors;
    return { default: (await byDefault.summary()).count, fallback: (await fallback.summary()).count };
  }

  /** @returns the data directory */
  async restore(): Promise<string> {
    const dataDir = join(await emptyDirectory(), "data");
    const { code, output } = await runProgram(["restore", this.file], { env: { DATA_DIR: dataDir } });
    expect(`${code} ${output}`).toStartWith("0 restored");
    expect(output).toContain("asked before anything is charged");
    return dataDir;
  }

  async expectSettledAtFallback(url: string): Promise<void> {
    for (const id of this.ids) {
      expect(await settledPayment(url, id, 30_000)).toMatchObject({ processor: "fallback" });
    }
    expect(await this.charged()).toEqual({ default: 0, fallback: COUNT });
  }
}

test.concurrent("restored: what moved to the other processor after the backup is found there, not charged again", async () => {
  const backup = await OutdatedBackup.make();
  const { processors } = backup;
  const gateway = await Gateway.start({ processors, dataDir: await backup.restore(), env: PATIENCE });
  await backup.expectSettledAtFallback(gateway.url);
  expect(gateway.logs).toContain("this database was a backup");
  await gateway.stop();
}, 60_000);

test.concurrent("a backup that was put in place by hand is distrusted just so", async () => {
  const backup = await OutdatedBackup.make();
  const dataDir = join(await emptyDirectory(), "data");
  await mkdir(dataDir);
  await copyFile(backup.file, join(dataDir, "catraca.db"));
  const gateway = await Gateway.start({ processors: backup.processors, dataDir, env: PATIENCE });
  await backup.expectSettledAtFallback(gateway.url);
  await gateway.stop();
}, 60_000);

test.concurrent("nothing is charged while one of the two is silent, over stops and kills; then it is found", async () => {
  const backup = await OutdatedBackup.make();
  const dataDir = await backup.restore();
  const { processors } = backup;
  const silent = { ...PATIENCE, PAYMENT_PROCESSOR_FALLBACK: "http://127.0.0.1:9" };
  const deaf = await Gateway.start({ processors, dataDir, env: silent });
  await until("the doubt to be noted", 10_000, () => deaf.logs.includes("this database was a backup"));
  // Until after both are asked: what must not happen has no sign to wait for.
  await Bun.sleep(CERTAIN_AFTER_MS + 1_500);
  for (const id of backup.ids) expect(await findPayment(deaf.url, id)).toMatchObject({ status: "pending" });
  expect(await backup.charged()).toEqual({ default: 0, fallback: COUNT });
  expect((await deaf.stop()).code).toBe(0);
  await deaf.restart();
  await deaf.kill();

  const gateway = await Gateway.start({ processors, dataDir, env: PATIENCE });
  await backup.expectSettledAtFallback(gateway.url);
  await gateway.stop();
}, 90_000);

test.concurrent("what neither has is charged once, by the usual choice; new payments do not wait for that", async () => {
  const [backup, others] = [await OutdatedBackup.make(), await startProcessors()];
  const dataDir = await backup.restore();
  const gateway = await Gateway.start({ processors: others, dataDir, env: PATIENCE });
  const [fresh = ""] = await postMany(gateway.url, 1, CENTS);
  await settledPayment(gateway.url, fresh);
  for (const id of backup.ids) {
    expect(await settledPayment(gateway.url, id, 30_000)).toMatchObject({ processor: "default" });
  }
  const took = [await others.default.summary(), await others.fallback.summary()];
  expect(took).toMatchObject([{ count: COUNT + 1 }, { count: 0 }]);
  await gateway.stop();
}, 60_000);
