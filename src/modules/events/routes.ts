import { Elysia, t } from "elysia";
import { problem } from "../../http/errors.ts";
import { RETRY_LATER } from "../../http/execution-problem.ts";
import { eventDocs } from "./docs.ts";
import type { EventHub } from "./event-hub.ts";
import { describeEventStream, openEventStream } from "./event-stream.ts";

/** GET /events: live events for the console. */
export function eventRoutes(hub: EventHub) {
  return new Elysia({ name: "events" }).get(
    "/events",
    ({ request, server, query }) => {
      if (request.method === "HEAD") return describeEventStream();
      if (!hub.hasRoom) return problem("QUEUE_FULL", { headers: RETRY_LATER });
      // Silence between heartbeats is no reason to close the connection.
      server?.timeout(request, 0);
      const types = (query.types ?? "").split(",").filter((type) => type !== "");
      return openEventStream(hub, types, request.headers.get("last-event-id"));
    },
    { query: t.Object({ types: t.Optional(t.String()) }), detail: eventDocs.stream },
  );
}
