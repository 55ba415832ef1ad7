/** R2, seen from the kernel: with DURABILITY=power the log of the database is synced before every answer. */
import { afterAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pay } from "./client.ts";
import { Gateway } from "./gateway.ts";
import { emptyDirectory, endPrograms } from "./program.ts";
import { until } from "./until.ts";

afterAll(endPrograms);

const PAYMENTS = 40;
const strace = Bun.which("strace");
if (strace === null)
  console.log("NOT TESTED: that DURABILITY=power syncs, as the kernel sees it: needs strace");

/** How often the write-ahead log was synced while `PAYMENTS` payments were made, one after the other. */
async function syncsDuring(gateway: Gateway): Promise<number> {
  const file = join(await emptyDirectory(), "strace.txt");
  const tracer = Bun.spawn(
    [String(strace), "-f", "-y", "-e", "trace=fsync,fdatasync", "-o", file, "-p", String(gateway.pid)],
    { stdout: "ignore", stderr: "pipe" },
  );
  try {
    // "strace: Process 123 attached with 9 threads"
    const lines = tracer.stderr.pipeThrough(new TextDecoderStream()).getReader();
    let said = "";
    await until("strace to be attached", 10_000, async () => {
      const { value, done } = await lines.read();
      if (done) throw new Error(`strace ended: ${said}`);
      said += value;
      return said.includes("attached");
    });
    for (let made = 0; made < PAYMENTS; made++) {
      expect((await pay(gateway.url, crypto.randomUUID(), 1)).status).toBe(202);
    }
  } finally {
    tracer.kill("SIGINT");
    await tracer.exited;
  }
  const calls = readFileSync(file, "utf8").split("\n");
  return calls.filter((line) => line.includes("catraca.db-wal>) = 0") || /-wal>\s*<unfinished/.test(line))
    .length;
}

test.skipIf(strace === null)(
  "DURABILITY=power: a sync of the log before each answer",
  async () => {
    const gateway = await Gateway.start({ env: { DURABILITY: "power" } });
    expect(await syncsDuring(gateway)).toBeGreaterThanOrEqual(PAYMENTS);
    await gateway.stop();
  },
  30_000,
);

// Were each of these synced, too, the test above could not fail.
test.skipIf(strace === null)(
  "DURABILITY=process: no sync on the way of a payment",
  async () => {
    const gateway = await Gateway.start();
    expect(await syncsDuring(gateway)).toBeLessThan(PAYMENTS / 4);
    await gateway.stop();
  },
  30_000,
);
