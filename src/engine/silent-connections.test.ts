/** A connection's time without a word is set for all of its life: whoever lengthens it must not leave it without end. */
import { afterEach, expect, spyOn, test } from "bun:test";
import { createHttpApp } from "../http/app.ts";
import { TopicQueries } from "../modules/topics/queries.ts";
import { topicRoutes } from "../modules/topics/routes.ts";
import { mockGatewayRoutes } from "../modules/users/mock-gateway-routes.ts";
import { MockGateway } from "../simulator/mock-gateway.ts";
import { StoreHarness } from "../store/fixtures/store-harness.ts";

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0)) await step();
});

/** The seconds that were set while `path` was asked for. */
async function secondsSetBy(path: string, init: RequestInit): Promise<number[]> {
  const store = new StoreHarness();
  const gateway = new MockGateway({ okShare: 1, errorShare: 0, lateShare: 0, lateMs: 0 });
  const app = createHttpApp()
    .use(topicRoutes(new TopicQueries(store.database)))
    .use(mockGatewayRoutes(gateway))
    .listen({ hostname: "127.0.0.1", port: 0 });
  const { server } = app;
  if (server === null) throw new Error("it does not listen");
  undo.push(
    () => server.stop(true),
    () => store.close(),
  );
  const timeout = spyOn(server, "timeout");
  const abort = new AbortController();
  const response = await fetch(`${server.url.origin}${path}`, { ...init, signal: abort.signal });
  // A stream has no end that could be read.
  if (response.headers.get("content-type")?.startsWith("text/event-stream") !== true) await response.text();
  abort.abort();
  return timeout.mock.calls.map(([, seconds]) => seconds);
}

const TAIL = { accept: "text/event-stream" };

test("an open tail is not closed because it is silent", async () => {
  expect(await secondsSetBy("/topics/payments/messages", { headers: TAIL })).toEqual([0]);
});

test.each(["/topics/payments/messages?partition=99", "/topics/nowhere/messages"])(
  "a tail that is refused leaves the time as it was: %s",
  async (path) => {
    expect(await secondsSetBy(path, { headers: TAIL })).toEqual([]);
  },
);

test.each(["/topics/payments/messages", "/topics/payments/messages/"])(
  "and so does HEAD: %s",
  async (path) => {
    expect(await secondsSetBy(path, { method: "HEAD", headers: TAIL })).toEqual([]);
  },
);

test("the late answers of the simulated gateway have a bound", async () => {
  const [seconds, ...others] = await secondsSetBy("/mock-gateway/pay", { method: "POST" });
  expect(seconds).toBeGreaterThan(0);
  expect(others).toEqual([]);
});
