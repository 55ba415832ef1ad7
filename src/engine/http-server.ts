import { rmSync } from "node:fs";
import { Elysia } from "elysia";
import { LIMITS } from "../config/limits.ts";
import { PROCESSOR_NAMES } from "../domain/processor.ts";
import { createHttpApp } from "../http/app.ts";
import { LoadShedder } from "../http/load-shedding.ts";
import { openApi } from "../http/openapi.ts";
import { limitRate } from "../http/rate-limit.ts";
import type { Logger } from "../log/logger.ts";
import { healthRoutes } from "../modules/health/routes.ts";
import { requestPath } from "../simulator/processor-api.ts";
import {
  type BuiltInServer,
  serveBuiltIns,
  type UpstreamName,
  type UpstreamUrls,
} from "./built-in-server.ts";
import { HeapCare } from "./heap-care.ts";
import { type Live, openLive } from "./live.ts";
import type { Replica } from "./replica.ts";
import { sectionRoutes } from "./section-routes.ts";

export interface HttpServer {
  readonly kind: "serving";
  /** Null on a unix socket. */
  readonly url: string | null;
  readonly upstreamUrls: UpstreamUrls;
  /** Whether the processors are simulated here. */
  readonly builtIn: boolean;
  /** Takes no new connections and waits for the requests in flight. */
  readonly stopAccepting: (deadlineMs: number) => Promise<void>;
  readonly close: () => Promise<void>;
}

export type ServeResult = HttpServer | { readonly kind: "refused"; readonly message: string };

/**
 * How long clients that keep their connections open are served after a stop began. On a unix socket until nobody has
 * come for a while: a balancer that finds no socket for a new connection stays away, and then no request is on its
 * way on an idle one. A port goes on accepting, so there is no such moment.
 */
const LINGER_MS = { port: 250, socket: 2_000 };
const QUIET_MS = 150;

const HEAP_LOOK_MS = 5_000;

/**
 * What a refusal counts less than another answer: it leaves little garbage behind, and collecting it would be a sixth of
 * what saying no costs.
 */
const FRAMES_SAVED_BY_REFUSAL = 0.75;

/** Puts all routes behind the port. */
export function createServer(replica: Replica, log: Logger): ServeResult {
  const { settings } = replica;
  const lifecycle = { stopping: false, answeredAtMs: 0 };
  const builtIn = serveBuiltIns(settings, log);
  const live = openLive(replica);
  const app = assemble(replica, log, lifecycle, builtIn, live);
  try {
    if (settings.socket !== null) rmSync(settings.socket, { force: true });
    app.listen(
      settings.socket !== null ? { unix: settings.socket } : { hostname: settings.host, port: settings.port },
    );
  } catch (error) {
    builtIn.stop();
    return { kind: "refused", message: listenProblem(error, replica) };
  }
  const { server } = app;
  if (server === null) throw new Error("the server listens and is not there");
  return {
    kind: "serving",
    url: settings.socket === null ? `http://${hostOf(settings.host)}:${server.port}` : null,
    upstreamUrls: {
      default: builtIn.urlOf("default"),
      fallback: builtIn.urlOf("fallback"),
      gateway: builtIn.urlOf("gateway"),
      cardGateway: builtIn.urlOf("cardGateway"),
      bank: builtIn.urlOf("bank"),
    },
    builtIn: builtIn.isBuiltIn("default"),
    stopAccepting: async (deadlineMs) => {
      lifecycle.stopping = true;
      live.close();
      if (settings.socket !== null) rmSync(settings.socket, { force: true });
      // Clients on open connections get their answers with `Connection: close`, and go elsewhere.
      const lingerMs = settings.socket === null ? LINGER_MS.port : LINGER_MS.socket;
      const lingerUntil = Math.min(deadlineMs, performance.now() + lingerMs);
      lifecycle.answeredAtMs = performance.now();
      const isQuiet = () => performance.now() - lifecycle.answeredAtMs > QUIET_MS;
      while (
        (performance.now() < lingerUntil && !isQuiet()) ||
        (server.pendingRequests > 0 && performance.now() < deadlineMs)
      ) {
        await Bun.sleep(5);
      }
      // Not before: it ends idle connections at once, and with them a request that is on its way on one.
      void server.stop(false);
    },
    close: async () => {
      builtIn.stop();
      await server.stop(true);
    },
  };
}

function assemble(
  replica: Replica,
  log: Logger,
  lifecycle: { stopping: boolean; answeredAtMs: number },
  builtIn: BuiltInServer,
  live: Live,
) {
  const { metrics } = replica;
  const heap = new HeapCare("main");
  // Without requests, too: live state and health are looked at all the time.
  setInterval(() => heap.handled(0), HEAP_LOOK_MS).unref();
  const limit = limitRate(replica.settings, () => metrics.increment("http_rate_limited"));
  const shedder = new LoadShedder({
    onRefused: () => {
      metrics.increment("http_shed");
      heap.handled(-FRAMES_SAVED_BY_REFUSAL);
    },
    onBegin: () => log.warn("more requests come than can be answered: a part of them is answered 503"),
  });
  return createHttpApp({
    admit: (request, server) => limit?.(request, server) ?? shedder.admit(request),
    onResponse: (status) => {
      metrics.increment("http_responses", statusClass(status));
      replica.state.mainAnswered(Date.now());
      heap.handled(1);
    },
    logFailure: (error, request) => log.error("a request failed: this is a defect", { ...request, error }),
    isStopping: () => {
      if (lifecycle.stopping) lifecycle.answeredAtMs = performance.now();
      return lifecycle.stopping;
    },
  })
    .use(sectionRoutes(replica, builtIn, live))
    .use(healthRoutes({ replica, lifecycle }))
    .use(builtInRoutes(builtIn))
    .use(openApi());
}

/** Built-in upstreams that may be looked at and switched through the replica's own port, by their prefix there. */
const MOUNTED: readonly (readonly [UpstreamName, string])[] = [
  ...PROCESSOR_NAMES.map((name) => [name, `/processors/${name}`] as const),
  ["cardGateway", "/card-gateway"],
];

function builtInRoutes(builtIn: BuiltInServer) {
  const routes = new Elysia({ name: "built-in upstreams" });
  for (const [name, prefix] of MOUNTED) {
    if (!builtIn.isBuiltIn(name)) continue;
    routes.all(
      `${prefix}/*`,
      ({ request, server }) => {
        // A simulated delay is silence on the connection, as long as it is set to.
        server?.timeout(request, LIMITS.silenceSeconds.value);
        return builtIn.handle(name, request, requestPath(request.url, prefix.length));
      },
      { parse: "none", detail: { hide: true } },
    );
  }
  return routes;
}

function statusClass(status: number): "1xx" | "2xx" | "3xx" | "4xx" | "5xx" {
  if (status < 200) return "1xx";
  if (status < 300) return "2xx";
  if (status < 400) return "3xx";
  return status < 500 ? "4xx" : "5xx";
}

function hostOf(host: string): string {
  const shown = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  return shown.includes(":") ? `[${shown}]` : shown;
}

function listenProblem(error: unknown, { settings }: Replica): string {
  const where = settings.socket ?? `${settings.host}:${settings.port}`;
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "EADDRINUSE") {
    return `${where} is in use: stop the program that listens there, or set another PORT`;
  }
  return `cannot listen at ${where}: ${error instanceof Error ? error.message : String(error)}`;
}
