/** Duplicates: a known id is recognised whatever has become of the file that says which ids may be stored. */
import { afterAll, expect, test } from "bun:test";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { call } from "./client.ts";
import { Gateway } from "./gateway.ts";
import { endPrograms } from "./program.ts";

afterAll(endPrograms);

const FATES: readonly (readonly [name: string, befall: (file: string) => void])[] = [
  ["is as the last life left it", () => {}],
  ["is missing", (file) => rmSync(file, { force: true })],
  ["is something else", (file) => writeFileSync(file, "something else")],
];

test.each(FATES)(
  "the file %s: after kill -9 and a restart no stored payment is taken for a new one",
  async (_name, befall) => {
    const gateway = await Gateway.start();
    const ids = Array.from({ length: 600 }, () => crypto.randomUUID());
    const pay = (id: string, amount: number) =>
      call(`${gateway.url}/payments`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ correlationId: id, amount }),
      });
    const statuses = async (amount: number) =>
      new Set((await Promise.all(ids.map((id) => pay(id, amount)))).map(({ status }) => status));
    expect(await statuses(10)).toEqual(new Set([202]));
    await gateway.kill();
    const file = join(gateway.dataDir, "known-ids");
    // A machine that does not tell its boots has none.
    if (existsSync(file)) befall(file);
    await gateway.restart();
    // At once, while it may still be filled, and when it is.
    for (let round = 0; round < 2; round++) {
      expect(await statuses(10)).toEqual(new Set([200]));
      expect(await statuses(11)).toEqual(new Set([409]));
      await Bun.sleep(300);
    }
    expect((await pay(crypto.randomUUID(), 10)).status).toBe(202);
    expect(await gateway.stop()).toMatchObject({ code: 0 });
  },
);
