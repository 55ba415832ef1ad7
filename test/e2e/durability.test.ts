/** R2: what an acknowledgement means under each DURABILITY, and that the gateway says which one holds. */
import { Database } from "bun:sqlite";
import { afterAll, describe, expect, test } from "bun:test";
import { call, findPayment, metric, pay } from "./client.ts";
import { Gateway, startProcessors } from "./gateway.ts";
import { Load } from "./load.ts";
import { endPrograms, runProgram } from "./program.ts";
import { randomOf } from "./seed.ts";

afterAll(endPrograms);

const PROBE = 200;

/** How many of `PROBE` payments are in the database file at the moment of their 202. */
async function committedAtAnswer(gateway: Gateway): Promise<number> {
  const database = new Database(gateway.databaseFile, { readonly: true });
  const row = database.query("SELECT 1 FROM payments WHERE correlation_id = ?");
  let committed = 0;
  for (let number = 0; number < PROBE; number++) {
    const id = crypto.randomUUID();
    expect((await pay(gateway.url, id, 1)).status).toBe(202);
    if (row.get(Buffer.from(id.replaceAll("-", ""), "hex")) !== null) committed++;
  }
  database.close();
  return committed;
}

describe("DURABILITY=power", () => {
  test("answers after the commit", async () => {
    const gateway = await Gateway.start({ env: { DURABILITY: "power" } });
    expect(await committedAtAnswer(gateway)).toBe(PROBE);
    const repeated = crypto.randomUUID();
    const answers = await Promise.all(Array.from({ length: 20 }, () => pay(gateway.url, repeated, 2)));
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array<number>(19).fill(200), 202]);
    expect((await pay(gateway.url, repeated, 3)).status).toBe(409);
    await gateway.stop();
  });

  test("the banner, /health/ready and a metric say so", async () => {
    const gateway = await Gateway.start({ env: { DURABILITY: "power" } });
    expect(gateway.logs).toContain('"durability":"power');
    expect((await call(`${gateway.url}/health/ready`)).body).toMatchObject({ durability: "power" });
    expect(await metric(gateway.url, 'catraca_durability_mode{mode="power"}')).toBe(1);
    await gateway.stop();
  });

  test("killed under load it loses nothing either", async () => {
    const { random } = randomOf("DURABILITY=power, kill -9");
    const processors = await startProcessors();
    const gateway = await Gateway.start({ processors, env: { DURABILITY: "power" } });
    const load = new Load({ url: () => gateway.url, random });
    await Bun.sleep(700);
    await gateway.kill();
    await gateway.restart();
    await load.stop();
    expect(load.acknowledged.length).toBeGreaterThan(100);
    for (const id of load.acknowledged) expect(await findPayment(gateway.url, id)).not.toBeNull();
    await gateway.stop();
  }, 20_000);
});

describe("DURABILITY=process", () => {
  test("is the default, and everybody is told", async () => {
    const gateway = await Gateway.start();
    expect(gateway.logs).toContain('"durability":"process');
    expect((await call(`${gateway.url}/health/ready`)).body).toMatchObject({ durability: "process" });
    expect(await metric(gateway.url, 'catraca_durability_mode{mode="process"}')).toBe(1);
    await gateway.stop();
  });

  // Were every one committed at its 202, the test of DURABILITY=power above could not fail.
  test("answers before the commit, from the intake log", async () => {
    const gateway = await Gateway.start();
    expect(await committedAtAnswer(gateway)).toBeLessThan(PROBE / 2);
    await gateway.stop();
  });

  test("an unknown durability is refused", async () => {
    const { code, output } = await runProgram(["serve", "--durability", "eventual"]);
    expect(code).toBe(2);
    expect(output).toContain("process, power");
  });
});
