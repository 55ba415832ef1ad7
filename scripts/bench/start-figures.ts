import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Figure, median } from "./figure.ts";
import { load, startGateway, startProcessors, untilSettled } from "./processes.ts";

/** From the start of the process to the line that says it is ready. */
export async function startEmpty(rounds: number): Promise<Figure> {
  const values: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const gateway = await startGateway({});
    values.push(gateway.readyMs);
    await gateway.stop();
  }
  const note = "from the start of the process to its ready line";
  return {
    name: "start to ready, empty database (ms)",
    goal: "≤ 250",
    values,
    note,
    met: median(values) <= 250,
  };
}

/** The same over a database in which `pending` payments wait, left by a kill. */
export async function startPending(pending: number, rounds: number): Promise<Figure> {
  const dataDir = mkdtempSync(join(tmpdir(), "catraca-bench-"));
  // Nobody listens there: every payment stays pending.
  const environment = {
    DATA_DIR: dataDir,
    PAYMENT_PROCESSOR_DEFAULT: "http://127.0.0.1:9",
    PAYMENT_PROCESSOR_FALLBACK: "http://127.0.0.1:10",
  };
  const values: number[] = [];
  try {
    const first = await startGateway(environment);
    let accepted = 0;
    while (accepted < pending) {
      accepted += (await load({ url: `${first.url}/payments`, connections: 64, seconds: 5 })).accepted;
    }
    process.kill(first.pid, "SIGKILL");
    await Bun.sleep(200);
    for (let round = 0; round < rounds; round++) {
      const gateway = await startGateway(environment);
      values.push(gateway.readyMs);
      process.kill(gateway.pid, "SIGKILL");
      await Bun.sleep(200);
    }
    const note = `${accepted} pending, after kill -9`;
    return {
      name: "start to ready, 100,000 pending (ms)",
      goal: "≤ 1000",
      values,
      note,
      met: median(values) <= 1000,
    };
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** Payments held while both processors fail, and how long they take once both are back with 20 ms answers. */
export async function drainHeld(count: number): Promise<Figure> {
  const processors = await startProcessors();
  const [main = "", fallback = ""] = processors.urls;
  const configure = async (what: string, body: object) => {
    for (const url of [main, fallback]) {
      await fetch(`${url}/admin/configurations/${what}`, {
        method: "PUT",
        headers: { "X-Rinha-Token": "123", "content-type": "application/json" },
        body: JSON.stringify(body),
      });
    }
  };
  await configure("failure", { failure: true });
  await configure("delay", { delay: 20 });
  const gateway = await startGateway({
    PAYMENT_PROCESSOR_DEFAULT: main,
    PAYMENT_PROCESSOR_FALLBACK: fallback,
  });
  try {
    const seconds = 8;
    const { accepted } = await load({
      url: `${gateway.url}/payments`,
      connections: 32,
      seconds,
      rate: Math.ceil(count / seconds),
    });
    await configure("failure", { failure: false });
    const took = await untilSettled(gateway.url, accepted, 60);
    return {
      name: "payments held during an outage: time to settle all (s)",
      goal: "≤ 10",
      values: [took ?? Number.POSITIVE_INFINITY],
      note: `${accepted} held, 20 ms answers`,
      met: took !== null && took <= 10,
    };
  } finally {
    await gateway.stop();
    await processors.stop();
  }
}
