/** At most one health call per processor and 5 s over the whole cluster (R18), counted at the processor. */
import { afterAll, expect, test } from "bun:test";
import { startProcessors } from "../e2e/gateway.ts";
import type { Processor } from "../e2e/processors.ts";
import { endPrograms } from "../e2e/program.ts";
import { endRedisServers, RedisServer } from "./redis.ts";
import { Replicas } from "./replicas.ts";

afterAll(async () => {
  await endPrograms();
  await endRedisServers();
});

/** Notes when each health call arrives, and passes every request on. */
class CountingProxy {
  readonly healthCallsMs: number[] = [];
  readonly url: string;
  readonly #server;

  constructor(processor: Processor) {
    this.#server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      idleTimeout: 0,
      fetch: async (request) => {
        const { pathname, search } = new URL(request.url);
        if (pathname === "/payments/service-health") this.healthCallsMs.push(performance.now());
        const body = request.method === "POST" ? await request.text() : null;
        const headers = { "content-type": "application/json" };
        return fetch(`${processor.url}${pathname}${search}`, { method: request.method, headers, body });
      },
    });
    this.url = `http://127.0.0.1:${this.#server.port}`;
  }

  stop(): void {
    void this.#server.stop(true);
  }

  /** The shortest time between two health calls, ms. */
  get shortestGapMs(): number {
    const gaps = this.healthCallsMs.slice(1).map((ms, index) => ms - (this.healthCallsMs[index] ?? 0));
    return Math.min(...gaps);
  }
}

test("while replicas are killed and restarted, and Redis comes and goes", async () => {
  const processors = await startProcessors();
  const proxies = [new CountingProxy(processors.default), new CountingProxy(processors.fallback)];
  const redis = await RedisServer.start();
  const replicas = await Replicas.start({
    redis,
    env: {
      PAYMENT_PROCESSOR_DEFAULT: proxies[0]?.url ?? "",
      PAYMENT_PROCESSOR_FALLBACK: proxies[1]?.url ?? "",
    },
  });
  const end = performance.now() + 11_500;
  for (let round = 0; performance.now() < end; round++) {
    const replica = replicas.at(round % 3);
    await (round % 2 === 0 ? replica.kill() : replica.stop());
    if (round === 1) await redis.kill();
    await replica.restart();
    if (round === 3) await redis.restart();
    await Bun.sleep(900);
  }
  for (const proxy of proxies) {
    console.log(
      `${proxy.healthCallsMs.length} health calls, shortest gap ${Math.round(proxy.shortestGapMs)} ms`,
    );
    // The clock of a replica and the arrival here differ by some ms at most.
    expect(proxy.shortestGapMs).toBeGreaterThan(5_000);
    expect(proxy.healthCallsMs.length).toBeGreaterThanOrEqual(2);
  }
  await replicas.stop();
  for (const proxy of proxies) proxy.stop();
}, 60_000);
