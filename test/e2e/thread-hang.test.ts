/** R16: a thread that hangs is noticed, said, and ends the process; what it had acknowledged is done by the next. */
import { afterAll, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { call, untilIdle } from "./client.ts";
import { Gateway, startProcessors } from "./gateway.ts";
import { Load } from "./load.ts";
import { endPrograms } from "./program.ts";
import { contradictions } from "./reconciliation.ts";
import { randomOf } from "./seed.ts";
import { until } from "./until.ts";

afterAll(endPrograms);

const strace = Bun.which("strace");
if (strace === null) console.log("NOT TESTED: a thread that hangs: needs strace, which makes one hang");

/** A thread is late after 3 s and must be so for 7 s more; the rest is for a busy machine. */
const NOTICED_WITHIN_MS = 60_000;

const ENDS = "a thread hangs; this process ends so that it is started again";

/** Main is the process itself; the workers are started in this order. */
function threadIdOf(pid: number, name: "main" | "store" | "dispatch"): number {
  if (name === "main") return pid;
  const workers = readdirSync(`/proc/${pid}/task`)
    .map(Number)
    .sort((left, right) => left - right)
    .filter((id) => readFileSync(`/proc/${pid}/task/${id}/comm`, "utf8").trim() === "Worker");
  const id = workers[name === "store" ? 0 : 1];
  if (id === undefined) throw new Error("there are no two threads named Worker");
  return id;
}

/** Where a thread that hangs holds no lock of the runtime: at the disk, or in its event loop. */
const LOOP = "epoll_wait,epoll_pwait,?epoll_pwait2";
const HANGS_IN = { main: LOOP, store: "pwrite64,pread64", dispatch: LOOP } as const;

/** Stops one thread at its next such system call for ten minutes, and leaves the others alone. */
function freeze(threadId: number, calls: string): Bun.Subprocess {
  const hang = ["-e", `trace=${calls}`, "-e", `inject=${calls}:delay_enter=600000000`];
  return Bun.spawn([String(strace), "-p", String(threadId), ...hang, "-o", "/dev/null"], {
    stdout: "ignore",
    stderr: "ignore",
  });
}

/** What /health/ready says is wrong with a thread, or null. */
async function hangingAt(gateway: Gateway): Promise<string | null> {
  const body = (await call(`${gateway.url}/health/ready`)).body as Record<string, unknown>;
  if (body["storeThread"] === "hanging") return "store";
  return body["dispatchThreads"] === "hanging" ? "dispatch" : null;
}

test.skipIf(strace === null).each(["store", "dispatch", "main"] as const)(
  "the %s thread hangs under load: the process ends by itself, and nothing is lost",
  async (name) => {
    const { random } = randomOf(`${name} hangs`);
    const processors = await startProcessors();
    const gateway = await Gateway.start({ processors });
    const load = new Load({ url: () => gateway.url, random, clients: 4 });
    await until("some payments", 10_000, () => load.acknowledged.length > 50);
    const tracer = freeze(threadIdOf(gateway.pid, name), HANGS_IN[name]);
    if (name !== "main") {
      await until("it to be told", NOTICED_WITHIN_MS, async () =>
        gateway.hasExited ? "the end" : (await hangingAt(gateway)) === name,
      );
    }
    await until("the process to end itself", NOTICED_WITHIN_MS, () => gateway.logs.includes(ENDS));
    // Whoever is traced stays, even dead, until the tracer lets go; and then an end that was begun is not taken back.
    await Bun.sleep(500);
    tracer.kill("SIGKILL");
    const { code } = await gateway.exited;
    expect(code).not.toBe(0);
    expect(gateway.logs).toContain(`"name":"${name}"`);

    await gateway.restart();
    await load.stop();
    await untilIdle(gateway.url, 30_000);
    expect(await contradictions(gateway.url, processors, load.sent, load.acknowledged)).toEqual([]);
  },
  3 * NOTICED_WITHIN_MS,
);
