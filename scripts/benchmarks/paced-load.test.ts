import { afterEach, describe, expect, test } from "bun:test";
import { pacedLoad } from "./load.ts";

let server: Bun.Server<undefined> | null = null;
afterEach(() => server?.stop(true));

const CONNECTIONS = 4;

function serve(fetch: (request: Request) => Response | Promise<Response>): string {
  server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch });
  return `http://127.0.0.1:${server.port}/payments`;
}

const load = (url: string, seconds = 1, perSecond = 100) =>
  pacedLoad({ url, connections: CONNECTIONS, seconds, perSecond });

describe("a paced load", () => {
  test("sends every request that is due, each a payment of its own, and one per connection before", async () => {
    const ids = new Set<string>();
    const url = serve(async (request) => {
      const { correlationId, amount } = (await request.json()) as { correlationId: string; amount: number };
      expect(amount).toBe(19.9);
      ids.add(correlationId);
      return new Response("{}", { status: 202 });
    });
    const result = await load(url);
    expect(result.due).toBe(100);
    expect(result.answers).toEqual({ accepted: 100, refused: 0, unexpected: 0, unanswered: 0 });
    expect(ids.size).toBe(100 + CONNECTIONS);
    expect(result.counts.reduce((sum, count) => sum + count, 0)).toBe(100);
    expect(result.refusedP99Ms).toBeNull();
  });

  test("keeps an even pace instead of a burst each second", async () => {
    const arrivals: number[] = [];
    const url = serve(() => {
      arrivals.push(performance.now());
      return new Response("{}", { status: 202 });
    });
    await load(url, 2, 50);
    const paced = arrivals.slice(CONNECTIONS);
    // In a burst the first quarter of the requests would be there at once.
    expect((paced[25] ?? 0) - (paced[0] ?? 0)).toBeGreaterThan(250);
  });

  test("tells 503 with Retry-After from one without, and from other answers", async () => {
    let count = 0;
    const url = serve(() => {
      const kind = count++ % 4;
      if (kind === 0) return new Response("{}", { status: 202 });
      if (kind === 1) return new Response("{}", { status: 503, headers: { "Retry-After": "1" } });
      return new Response("{}", { status: kind === 2 ? 503 : 500 });
    });
    const { answers, refusedP99Ms } = await load(url);
    expect(answers).toEqual({ accepted: 25, refused: 25, unexpected: 50, unanswered: 0 });
    expect(refusedP99Ms).toBeGreaterThan(0);
  });

  test("counts from when a request was due if it had to wait for a connection", async () => {
    let count = 0;
    const url = serve(async () => {
      // Every connection is kept busy for a while, with requests due every 10 ms.
      if (++count > CONNECTIONS && count <= CONNECTIONS * 2) await Bun.sleep(600);
      return new Response("{}", { status: 202 });
    });
    const { p50Ms, answers } = await load(url);
    expect(answers.accepted).toBe(100);
    // Only four requests were slow; without the wait the median would be below a millisecond or two.
    expect(p50Ms).toBeGreaterThan(50);
  });

  test("gives up on who does not answer, and goes on with new connections", async () => {
    const url = serve(() => new Promise<Response>(() => {}));
    const { answers, p99Ms } = await load(url, 1, 20);
    expect(answers).toEqual({ accepted: 0, refused: 0, unexpected: 0, unanswered: 20 });
    expect(p99Ms).toBeNaN();
  }, 20_000);

  test("fails if nobody listens", async () => {
    const url = serve(() => new Response());
    await server?.stop(true);
    await expect(load(url)).rejects.toThrow("paced-load.ts");
  });
});
