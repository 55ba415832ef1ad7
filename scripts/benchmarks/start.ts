import { type Effort, type Family, type Outcome, repeat } from "./family.ts";
import { atMost } from "./figure.ts";
import { load } from "./load.ts";
import { makeDirectory, removeDirectory, startBareServer, startGateway } from "./processes.ts";

/** From the start of the process to the line that says it is ready. */
const PENDING = 100_000;
const QUICK_PENDING = 5_000;
/** Until the kernel has taken a killed process's lock on the intake log away. */
const AFTER_KILL_MS = 200;

export const start: Family = {
  name: "start",
  about: "start to ready, empty and with 100,000 payments pending after a kill",
  seconds: 40,
  run: async (effort) => ({
    figures: [...(await startEmpty(effort)).figures, ...(await startPending(effort)).figures],
  }),
};

async function startEmpty(effort: Effort): Promise<Outcome> {
  const rounds = await repeat(effort, async () => {
    const bare = await startBareServer();
    await bare.stop();
    const gateway = await startGateway({});
    await gateway.stop();
    return { ours: gateway.readyMs, bare: bare.readyMs };
  });
  return {
    figures: [
      {
        name: "start to ready, empty database",
        unit: "ms",
        values: rounds.map(({ ours }) => ours),
        yardstick: { name: "bare `Bun.serve`", values: rounds.map(({ bare }) => bare) },
        goal: atMost(150),
        note: "from the start of the process to its ready line",
      },
    ],
  };
}

async function startPending(effort: Effort): Promise<Outcome> {
  const pending = effort.isQuick ? QUICK_PENDING : PENDING;
  const dataDir = makeDirectory();
  // Nobody listens there: every payment stays pending.
  const environment = {
    DATA_DIR: dataDir,
    PAYMENT_PROCESSOR_DEFAULT: "http://127.0.0.1:9",
    PAYMENT_PROCESSOR_FALLBACK: "http://127.0.0.1:10",
  };
  const first = await startGateway(environment);
  let accepted = 0;
  while (accepted < pending) {
    accepted += (await load({ url: `${first.url}/payments`, connections: 64, seconds: 5 })).accepted;
  }
  await kill(first.pid);
  const values = await repeat(effort, async () => {
    const gateway = await startGateway(environment);
    await kill(gateway.pid);
    return gateway.readyMs;
  });
  removeDirectory(dataDir);
  const note = `${accepted} pending, after kill -9`;
  const name = `start to ready, ${pending.toLocaleString("en-US")} pending`;
  return { figures: [{ name, unit: "ms", values, yardstick: null, goal: atMost(1000), note }] };
}

async function kill(pid: number): Promise<void> {
  process.kill(pid, "SIGKILL");
  await Bun.sleep(AFTER_KILL_MS);
}
