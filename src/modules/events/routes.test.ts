import { expect, test } from "bun:test";
import { createHttpApp } from "../../http/app.ts";
import { EventHub } from "./event-hub.ts";
import { eventRoutes } from "./routes.ts";

test.each(["/events", "/events/"])("HEAD %s is answered at once, and opens no stream", async (path) => {
  const interests: boolean[] = [];
  const hub = new EventHub({ replica: "one", onInterest: (isWanted) => interests.push(isWanted) });
  const app = createHttpApp().use(eventRoutes(hub));
  const response = await app.handle(new Request(`http://localhost${path}`, { method: "HEAD" }));
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toStartWith("text/event-stream");
  expect(await response.text()).toBe("");
  expect(interests).toEqual([]);
});
