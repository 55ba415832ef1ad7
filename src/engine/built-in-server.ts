import type { Settings } from "../config/settings.ts";
import { PROCESSOR_NAMES, type ProcessorName } from "../domain/processor.ts";
import type { Logger } from "../log/logger.ts";
import { createBuiltInProcessors } from "../simulator/built-in-processors.ts";
import { requestPath } from "../simulator/processor-api.ts";

/**
 * The processors that are used when none is configured. Dispatch calls them over a loopback port of their
 * own, so that they answer until the very end of a stop and also when the gateway listens on a unix socket;
 * `/processors/…` on the gateway's port leads to the same books.
 */
export interface BuiltInServer {
  readonly urlOf: (name: ProcessorName) => string;
  /** Answers a request to the processor; `path` is what follows `/processors/<name>`. */
  readonly handle: (name: ProcessorName, request: Request, path: string) => Promise<Response>;
  readonly stop: () => void;
}

export function serveBuiltInProcessors(settings: Settings, log: Logger): BuiltInServer {
  const processors = createBuiltInProcessors({
    feeDefault: settings.processorFeeDefault,
    feeFallback: settings.processorFeeFallback,
    warn: (message) => log.warn(message),
  });
  const servers = PROCESSOR_NAMES.map((name) =>
    Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      idleTimeout: 0,
      development: false,
      fetch: (request) => processors[name].handle(request, requestPath(request.url)),
    }),
  );
  return {
    urlOf: (name) => `http://127.0.0.1:${servers[PROCESSOR_NAMES.indexOf(name)]?.port}`,
    handle: (name, request, path) => processors[name].handle(request, path),
    stop: () => {
      for (const server of servers) void server.stop(true);
    },
  };
}
