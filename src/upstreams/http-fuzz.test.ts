/** Mangled answers on kept connections: no call is given what belongs to another, and nothing grows without end. */
import { afterEach, expect, test } from "bun:test";
import { POURED, startManglingServer } from "./fixtures/mangling-server.ts";
import { referenceAnswer } from "./fixtures/reference-answer.ts";
import { until } from "./fixtures/until.ts";
import { cleanUp, undoLater } from "./fixtures/upstream.ts";
import { HttpClient } from "./http-client.ts";

afterEach(cleanUp);

const { TEST_SEED = String(Date.now() % 2 ** 31), FUZZ_SECONDS = "1" } = process.env;
const FUZZ_MS = Number(FUZZ_SECONDS) * 1000;
const CLIENTS = 16;
const CONNECTIONS = 4;
const HEAP_MB_MAX = 100;

test(
  "an answer is what was sent for its call, whole",
  async () => {
    const seed = Number(TEST_SEED);
    console.log(`mangled answers on kept connections: TEST_SEED=${seed}`);
    const bugs: Error[] = [];
    const client = new HttpClient({ reportBug: (error) => bugs.push(error) });
    undoLater(() => client.close());
    const numberOf = ({ head }: { readonly head: string }) => Number(/\/calls\/(\d+)/.exec(head)?.[1]);
    const server = startManglingServer(seed, numberOf, (request) => [`{"call":${numberOf(request)}}`]);
    // Fewer connections than calls: each is used again as soon as it is believed to be clean.
    const endpoint = client.endpoint(server.url, { connectionsMax: CONNECTIONS });
    const failures: string[] = [];
    const heapBefore = process.memoryUsage().heapUsed;
    const endAt = performance.now() + FUZZ_MS;
    let answers = 0;
    let next = 0;
    const work = async () => {
      while (performance.now() < endAt) {
        const number = ++next;
        const result = await endpoint.request({ method: "GET", path: `/calls/${number}`, timeoutMs: 100 });
        const sent = server.sent.get(number);
        server.sent.delete(number);
        if (result.kind !== "answer" || sent === undefined) continue;
        answers++;
        const body = Buffer.from(result.body).toString("latin1");
        // What is poured on behind an answer may have filled it up.
        const text = sent.bytes > sent.text.length ? sent.text + POURED.toString() : sent.text;
        const reference = referenceAnswer(text, sent.hasEnded);
        if (reference?.status === result.status && reference.body === body) continue;
        failures.push(
          `TEST_SEED=${seed}, call ${number}: ${result.status} ${body.slice(0, 200)} for ${JSON.stringify(text.slice(0, 500))}`,
        );
      }
    };
    await Promise.all(Array.from({ length: CLIENTS }, work));
    expect(failures).toEqual([]);
    expect(bugs).toEqual([]);
    expect(answers).toBeGreaterThan(20);
    await until(() => server.pouring() === 0, 20_000);
    await until(() => endpoint.counts().open === endpoint.counts().idle, 20_000);
    expect(endpoint.counts().open).toBeLessThanOrEqual(CONNECTIONS);
    Bun.gc(true);
    expect((process.memoryUsage().heapUsed - heapBefore) / 2 ** 20).toBeLessThan(HEAP_MB_MAX);
  },
  FUZZ_MS + 60_000,
);
