import { afterEach, expect, test } from "bun:test";
import { response } from "./fixtures/raw-server.ts";
import { until } from "./fixtures/until.ts";
import { cleanUp, serve, undoLater } from "./fixtures/upstream.ts";
import { HttpClient } from "./http-client.ts";
import {
  HEALTH_SPACING_MS,
  HEALTH_TIMEOUT_MS,
  type PollClock,
  type ProcessorHealth,
  type ProcessorHealthOptions,
  ProcessorHealthPoll,
} from "./processor-health.ts";

afterEach(cleanUp);

/** A clock that moves only when told; what is scheduled is kept until then. */
class ManualClock implements PollClock {
  #nowMs = 1_000_000;
  readonly scheduled: { run: () => void; delayMs: number }[] = [];

  nowMs(): number {
    return this.#nowMs;
  }

  schedule(run: () => void, delayMs: number): () => void {
    const entry = { run, delayMs };
    this.scheduled.push(entry);
    return () => {
      const place = this.scheduled.indexOf(entry);
      if (place >= 0) this.scheduled.splice(place, 1);
    };
  }

  /** Waits until something is scheduled, lets its time come, and says how long that was. */
  async elapse(): Promise<number> {
    await until(() => this.scheduled.length > 0);
    const [next] = this.scheduled.splice(0, 1);
    if (next === undefined) throw new Error("nothing is scheduled");
    this.#nowMs += next.delayMs;
    next.run();
    return next.delayMs;
  }
}

function poll(answers: (string | null)[], options: ProcessorHealthOptions = {}) {
  const server = serve((socket, { index }) => {
    const answer = answers[index] ?? response(200, '{"failing":false,"minResponseTime":0}');
    if (answers[index] === null) socket.terminate();
    else socket.write(answer);
  });
  const client = new HttpClient();
  const clock = new ManualClock();
  const seen: ProcessorHealth[] = [];
  const missed: string[] = [];
  const health = new ProcessorHealthPoll(`${server.url}/base`, client, {
    clock,
    onMissed: (code) => missed.push(code),
    ...options,
  });
  undoLater(() => client.close());
  undoLater(() => health.stop());
  return { server, clock, seen, missed, health, start: () => health.start((report) => seen.push(report)) };
}

test("every answer is reported with the time at which it was seen", async () => {
  const { server, clock, seen, start } = poll([
    response(200, '{"failing":false,"minResponseTime":5}'),
    response(200, '{"failing":true,"minResponseTime":1500}'),
  ]);
  start();
  await clock.elapse();
  await until(() => seen.length === 2);
  expect(seen).toEqual([
    { failing: false, minResponseTimeMs: 5, seenAtMs: 1_000_000 },
    { failing: true, minResponseTimeMs: 1500, seenAtMs: 1_005_100 },
  ]);
  expect(server.requests[0]?.head).toContain("GET /base/payments/service-health HTTP/1.1");
});

test("the next call comes 5.1 s after the end of the last one, however that went", async () => {
  const { clock, missed, start } = poll([
    null,
    response(500),
    response(200, "?"),
    response(200, '{"failing":1}'),
    response(200, '{"failing":false,"minResponseTime":1e309}'),
    response(200, '{"failing":false,"minResponseTime":3600001}'),
    response(200, '{"failing":false,"minResponseTime":-1}'),
    response(404),
  ]);
  start();
  for (let call = 0; call < 9; call++) expect(await clock.elapse()).toBe(HEALTH_SPACING_MS);
  expect(missed).toEqual(["reset", "http_500", ...Array(5).fill("unreadable"), "http_404"]);
});

test("nothing is scheduled while a call hangs, so there is never a second one", async () => {
  const { server, clock, start } = poll([""]);
  start();
  await until(() => server.requests.length === 1);
  await Bun.sleep(30);
  expect(clock.scheduled).toHaveLength(0);
  // The two callers ahead in the limiter's queue may take a window of 5.1 s each.
  expect(HEALTH_TIMEOUT_MS).toBeGreaterThan(11_000);
});

test("after 429 it waits as long as Retry-After says, and never less than 5.1 s", async () => {
  const { clock, missed, start } = poll([
    response(429, "", "Retry-After: 9\r\n"),
    response(429, "", "Retry-After: 1\r\n"),
    response(429),
  ]);
  start();
  expect([await clock.elapse(), await clock.elapse(), await clock.elapse()]).toEqual([9000, 5100, 5100]);
  expect(missed).toEqual(["http_429", "http_429", "http_429"]);
});

test("before each call it asks whether it may, and without a yes it calls nobody", async () => {
  const turns = [
    () => false,
    () => Promise.resolve(false),
    () => Promise.reject(new Error("lost")),
    () => true,
    () => false,
  ];
  let asked = 0;
  const { server, clock, seen, start } = poll([], { mayPoll: () => turns[asked++]?.() ?? false });
  start();
  for (let turn = 0; turn < 3; turn++) expect(await clock.elapse()).toBe(1000);
  expect(await clock.elapse()).toBe(HEALTH_SPACING_MS);
  expect(await clock.elapse()).toBe(1000);
  expect(seen).toHaveLength(1);
  expect(server.requests).toHaveLength(1);
});

test("stopped, it calls no more and drops the answer that is under way", async () => {
  const held: (() => void)[] = [];
  const server = serve((socket) => {
    held.push(() => socket.write(response(200, '{"failing":false,"minResponseTime":0}')));
  });
  const client = new HttpClient();
  undoLater(() => client.close());
  const clock = new ManualClock();
  const seen: ProcessorHealth[] = [];
  const health = new ProcessorHealthPoll(server.url, client, { clock });
  health.start((report) => seen.push(report));
  await until(() => held.length === 1);
  health.stop();
  held[0]?.();
  await Bun.sleep(30);
  expect(seen).toHaveLength(0);
  expect(clock.scheduled).toHaveLength(0);
  expect(() => health.start(() => {})).toThrow("starts only once");
});

test("stopped between two calls, it makes no further one", async () => {
  const { server, clock, start, health } = poll([]);
  start();
  await until(() => clock.scheduled.length === 1);
  health.stop();
  expect(clock.scheduled).toHaveLength(0);
  expect(server.requests).toHaveLength(1);
});

test("the system's clock is the default: the first call comes at once, the second not within 50 ms", async () => {
  const server = serve((socket) => socket.write(response(200, '{"failing":false,"minResponseTime":0}')));
  const client = new HttpClient();
  undoLater(() => client.close());
  const health = new ProcessorHealthPoll(server.url, client);
  undoLater(() => health.stop());
  const seen: ProcessorHealth[] = [];
  health.start((report) => seen.push(report));
  await until(() => seen.length === 1);
  expect(Math.abs(Number(seen[0]?.seenAtMs) - Date.now())).toBeLessThan(2000);
  await Bun.sleep(50);
  expect(server.requests).toHaveLength(1);
});
