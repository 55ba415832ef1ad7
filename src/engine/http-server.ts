import { rmSync } from "node:fs";
import { PROCESSOR_NAMES, type ProcessorName } from "../domain/processor.ts";
import { AdminGuard } from "../http/admin-guard.ts";
import { createHttpApp } from "../http/app.ts";
import { problem } from "../http/errors.ts";
import { RETRY_LATER } from "../http/execution-problem.ts";
import { openApi } from "../http/openapi.ts";
import type { Logger } from "../log/logger.ts";
import { healthRoutes } from "../modules/health/routes.ts";
import { PaymentAcceptor } from "../modules/payments/accept.ts";
import { PaymentQueries } from "../modules/payments/queries.ts";
import { paymentRoutes } from "../modules/payments/routes.ts";
import { requestPath } from "../simulator/processor-api.ts";
import { type BuiltInServer, serveBuiltInProcessors } from "./built-in-server.ts";
import type { Replica } from "./replica.ts";

export interface HttpServer {
  readonly kind: "serving";
  /** Null on a unix socket. */
  readonly url: string | null;
  readonly processorUrls: Readonly<Record<ProcessorName, string>>;
  readonly builtIn: boolean;
  /** Takes no new connections and waits for the requests in flight. */
  readonly stopAccepting: (deadlineMs: number) => Promise<void>;
  readonly close: () => Promise<void>;
}

export type ServeResult = HttpServer | { readonly kind: "refused"; readonly message: string };

/** How long clients that keep their connections open are served after a stop began. */
const LINGER_MS = 250;

/** Puts all routes behind the port. */
export function createServer(replica: Replica, log: Logger): ServeResult {
  const { settings } = replica;
  const lifecycle = { stopping: false };
  const builtIn = builtInServerFor(replica, log);
  const app = assemble(replica, log, lifecycle, builtIn);
  try {
    if (settings.socket !== null) rmSync(settings.socket, { force: true });
    app.listen(
      settings.socket !== null ? { unix: settings.socket } : { hostname: settings.host, port: settings.port },
    );
  } catch (error) {
    builtIn?.stop();
    return { kind: "refused", message: listenProblem(error, replica) };
  }
  const { server } = app;
  if (server === null) throw new Error("the server listens and is not there");
  return {
    kind: "serving",
    url: settings.socket === null ? `http://${hostOf(settings.host)}:${server.port}` : null,
    processorUrls: {
      default: settings.paymentProcessorDefault ?? builtInUrl(builtIn, "default"),
      fallback: settings.paymentProcessorFallback ?? builtInUrl(builtIn, "fallback"),
    },
    builtIn: builtIn !== null,
    stopAccepting: async (deadlineMs) => {
      lifecycle.stopping = true;
      void server.stop(false);
      // Clients on open connections get their answers with `Connection: close`, and go elsewhere.
      const lingerUntil = Math.min(deadlineMs, performance.now() + LINGER_MS);
      while (
        performance.now() < lingerUntil ||
        (server.pendingRequests > 0 && performance.now() < deadlineMs)
      ) {
        await Bun.sleep(5);
      }
    },
    close: async () => {
      builtIn?.stop();
      await server.stop(true);
    },
  };
}

function assemble(
  replica: Replica,
  log: Logger,
  lifecycle: { stopping: boolean },
  builtIn: BuiltInServer | null,
) {
  const { settings, intake, state, metrics } = replica;
  const queries = new PaymentQueries(replica.reader);
  const guard = new AdminGuard({ token: settings.adminToken, open: settings.adminOpen });
  const acceptor = new PaymentAcceptor({ intake, queries, durability: settings.durability });
  const unavailable = () =>
    state.trouble === null ? null : problem("STORAGE_UNAVAILABLE", { headers: RETRY_LATER });
  const app = createHttpApp({
    onResponse: (status) => metrics.increment("http_responses", statusClass(status)),
    logFailure: (error, request) => log.error("a request failed: this is a defect", { ...request, error }),
    isStopping: () => lifecycle.stopping,
  })
    .use(paymentRoutes({ acceptor, queries, intake, guard, metrics, unavailable }))
    .use(healthRoutes({ replica, lifecycle }))
    .use(openApi());
  if (builtIn !== null) {
    for (const name of PROCESSOR_NAMES) {
      const prefix = `/processors/${name}`;
      app.all(
        `${prefix}/*`,
        ({ request, server }) => {
          // A simulated delay is silence on the connection, as long as it is set to.
          server?.timeout(request, 0);
          return builtIn.handle(name, request, requestPath(request.url, prefix.length));
        },
        { parse: "none", detail: { hide: true } },
      );
    }
  }
  return app;
}

function builtInServerFor({ settings }: Replica, log: Logger): BuiltInServer | null {
  if (settings.paymentProcessorDefault !== null && settings.paymentProcessorFallback !== null) return null;
  return serveBuiltInProcessors(settings, log);
}

function builtInUrl(builtIn: BuiltInServer | null, name: ProcessorName): string {
  if (builtIn === null) throw new Error("a processor is neither configured nor built in");
  return builtIn.urlOf(name);
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
