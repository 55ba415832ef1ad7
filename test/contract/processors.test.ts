import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createBuiltInProcessors } from "../../src/simulator/built-in-processors.ts";
import { ProcessorSimulator, requestPath } from "../../src/simulator/processor-api.ts";
import { processorContract } from "./processor-contract.ts";
import { callRaw, connectManyRaw } from "./raw-call.ts";

const HEALTH_WINDOW_MS = 300;

processorContract("stand-alone (catraca simulate)", async () => {
  const simulator = startSimulate(["--rate-limit-seconds", String(HEALTH_WINDOW_MS / 1000)]);
  const { servers } = JSON.parse(await simulator.firstLine());
  const baseUrl: string = servers.find(({ name }: { name: string }) => name === "processor-fallback").url;
  return {
    baseUrl,
    token: "123",
    fee: 0.15,
    healthWindowMs: HEALTH_WINDOW_MS,
    stop: async () => {
      simulator.process.kill("SIGTERM");
      expect(await simulator.process.exited).toBe(0);
    },
  };
});

processorContract("mounted under a prefix", async () => {
  const mounted = mount();
  return {
    baseUrl: `${mounted.url}/processors/default`,
    token: "123",
    fee: 0.05,
    healthWindowMs: HEALTH_WINDOW_MS,
    stop: () => mounted.stop(),
  };
});

describe("catraca simulate", () => {
  test("a port that is taken ends it with a message that names the server", async () => {
    const taken = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    const simulator = startSimulate(["--port-fallback", String(taken.port)]);
    expect(await simulator.process.exited).toBe(1);
    expect(await new Response(simulator.process.stderr).text()).toContain(
      `processor-fallback: cannot listen`,
    );
    taken.stop(true);
  });

  test("a flag that cannot be understood ends it with a message that names it", async () => {
    const simulator = startSimulate(["--port-default", "eight"]);
    expect(await simulator.process.exited).toBe(2);
    expect(await new Response(simulator.process.stderr).text()).toContain("--port-default: expected");
  });
});

describe("built-in processors", () => {
  test("are two: what one recorded the other has not", async () => {
    const { default: one, fallback: other } = createBuiltInProcessors();
    const body = JSON.stringify({ correlationId: crypto.randomUUID(), amount: 1 });
    const headers = { "content-type": "application/json" };
    const request = () => new Request("http://local/payments", { method: "POST", headers, body });
    expect((await one.handle(request(), "/payments")).status).toBe(200);
    expect((await other.handle(request(), "/payments")).status).toBe(200);
    expect((await one.handle(request(), "/payments")).status).toBe(422);
  });

  test("have the published rate limit of 5 s unless told otherwise", async () => {
    const simulator = new ProcessorSimulator({ fee: 0.05 });
    const gaveUp = new AbortController();
    const ask = () =>
      simulator.handle(new Request("http://local/x", { signal: gaveUp.signal }), "/payments/service-health");
    expect((await ask()).status).toBe(200);
    const hanging = [ask(), ask()];
    const turnedAway = await ask();
    expect([turnedAway.status, turnedAway.headers.get("retry-after")]).toEqual([429, "5"]);
    // Those who hang up leave the queue: there is room for two again.
    gaveUp.abort();
    await Promise.all(hanging);
    const next = new AbortController();
    const again = simulator.handle(
      new Request("http://local/x", { signal: next.signal }),
      "/payments/service-health",
    );
    expect(await Promise.race([again, Bun.sleep(50).then(() => "hangs")])).toBe("hangs");
    next.abort();
    await again;
  });
});

describe("a processor with faults", () => {
  let mounted: ReturnType<typeof mount>;
  let url: string;
  beforeAll(() => {
    mounted = mount();
    url = `${mounted.url}/processors/default`;
  });
  afterAll(() => mounted.stop());

  const setFaults = (faults: object) =>
    fetch(`${url}/admin/configurations/faults`, {
      method: "PUT",
      headers: { "x-rinha-token": "123", "content-type": "application/json" },
      body: JSON.stringify(faults),
    });
  const payRaw = (correlationId: string) => callRaw(`${url}/payments`, "POST", { correlationId, amount: 1 });
  const isRecorded = async (id: string) => {
    await setFaults({});
    return (await fetch(`${url}/payments/${id}`)).status === 200;
  };

  test("records and loses the answer; next time the id is there", async () => {
    await setFaults({ loseAnswerShare: 1 });
    const id = crypto.randomUUID();
    const call = await payRaw(id);
    expect(await Promise.race([call.outcome, Bun.sleep(150).then(() => "silence")])).toBe("silence");
    call.hangUp();
    expect(await isRecorded(id)).toBe(true);
    expect(await (await payRaw(id)).outcome).toMatchObject({ status: 422 });
  });

  test("hangs and does not record, and a hanging call keeps no permit", async () => {
    await setFaults({ hangShare: 1 });
    const ids = Array.from({ length: 810 }, () => crypto.randomUUID());
    const calls = await connectManyRaw(`${url}/payments`, ids.length);
    for (const [at, call] of calls.entries()) call.send("POST", { correlationId: ids[at], amount: 1 });
    await Bun.sleep(50);
    expect(await isRecorded(ids[0] ?? "")).toBe(false);
    for (const call of calls) call.hangUp();
    await Promise.all(calls.map((call) => call.outcome));
  });

  test("records and answers garbage", async () => {
    await setFaults({ garbageShare: 1 });
    const id = crypto.randomUUID();
    const body = JSON.stringify({ correlationId: id, amount: 1 });
    const headers = { "content-type": "application/json" };
    const answer = await fetch(`${url}/payments`, { method: "POST", headers, body });
    expect(answer.status).toBe(200);
    await expect(answer.json()).rejects.toThrow();
    expect(await isRecorded(id)).toBe(true);
  });

  test.each(["resetShare", "serverErrorWithMessageShare"])(
    "%s: recorded or not, as the coin falls",
    async (share) => {
      await setFaults({ [share]: 1, seed: 7 });
      const ids = Array.from({ length: 40 }, () => crypto.randomUUID());
      for (const id of ids) {
        const outcome = await (await payRaw(id)).outcome;
        if (share === "resetShare") expect(outcome).toEqual({ kind: "closed", reset: true });
        else expect(outcome).toMatchObject({ status: 500, text: expect.stringContaining('"message"') });
      }
      const recorded = await Promise.all(ids.map(isRecorded));
      const count = recorded.filter(Boolean).length;
      expect(count).toBeGreaterThan(8);
      expect(count).toBeLessThan(32);
    },
  );

  test("refuses shares that are none, and says what was set before", async () => {
    expect((await setFaults({ hangShare: 1.5 })).status).toBe(400);
    expect((await setFaults({ hangShare: 0.6, resetShare: 0.6 })).status).toBe(400);
    await setFaults({ hangShare: 0.25, seed: 42 });
    expect(await (await setFaults({})).json()).toMatchObject({
      config: "faults",
      was: { hangShare: 0.25, seed: 42 },
      is: { hangShare: 0 },
    });
  });
});

/** Both processors behind one server, as the gateway mounts them. */
function mount(): { url: string; stop: () => Promise<void> } {
  const processors = createBuiltInProcessors({ rateLimitSeconds: HEALTH_WINDOW_MS / 1000 });
  const prefix = "/processors/default";
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 0,
    fetch: (request) => {
      if (!requestPath(request.url).startsWith(prefix)) return new Response(null, { status: 404 });
      return processors.default.handle(request, requestPath(request.url, prefix.length));
    },
  });
  return { url: `http://127.0.0.1:${server.port}`, stop: () => server.stop(true) };
}

/** Runs the command in a process of its own, as the executable does, on free ports. */
function startSimulate(flags: readonly string[]) {
  const script = `
    import { run } from "./src/commands/simulate.ts";
    import { SIMULATE_FLAGS } from "./src/simulator/simulate-flags.ts";
    import { loadSettings } from "./src/config/load.ts";
    const argv = ["--port-default", "0", "--port-fallback", "0", ...process.argv.slice(1)];
    const loaded = loadSettings(argv, {}, { commandFlags: SIMULATE_FLAGS });
    if (!loaded.ok) throw new Error(loaded.problems.join());
    process.exit(await run({ ...loaded, print: (line) => console.log(line) }));`;
  const child = Bun.spawn([process.execPath, "-e", script, "--", ...flags], {
    cwd: `${import.meta.dir}/../..`,
    stdout: "pipe",
    stderr: "pipe",
  });
  const firstLine = async () => {
    const decoder = new TextDecoder();
    let text = "";
    for await (const chunk of child.stdout) {
      text += decoder.decode(chunk, { stream: true });
      if (text.includes("\n")) break;
    }
    return text.split("\n")[0] ?? "";
  };
  return { process: child, firstLine };
}
