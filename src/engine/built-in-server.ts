import type { Settings } from "../config/settings.ts";
import type { Logger } from "../log/logger.ts";
import { createBuiltInProcessors } from "../simulator/built-in-processors.ts";
import { MockGateway } from "../simulator/mock-gateway.ts";
import { requestPath } from "../simulator/processor-api.ts";

/** Everything outside that a replica calls, and may simulate itself. */
export type UpstreamName = "default" | "fallback" | "gateway";

/** Where dispatch calls whom. */
export type UpstreamUrls = Readonly<Record<UpstreamName, string>>;

/**
 * The upstreams that are used when none is configured. Dispatch calls each over a loopback port of its own, so
 * that they answer until the very end of a stop and also when the replica listens on a unix socket;
 * `/processors/…` and `/mock-gateway/…` on the replica's port lead to the same books.
 */
export interface BuiltInServer {
  readonly urlOf: (name: UpstreamName) => string;
  readonly isBuiltIn: (name: UpstreamName) => boolean;
  /** Answers a request to a built-in upstream; `path` is what follows its prefix. */
  readonly handle: (name: UpstreamName, request: Request, path: string) => Promise<Response>;
  readonly mockGateway: MockGateway;
  readonly stop: () => void;
}

type Handle = (request: Request, path: string) => Promise<Response>;

/** The mock gateway is late by this factor of the time that a call is given. */
const LATE_FACTOR = 2;

export function serveBuiltIns(settings: Settings, log: Logger): BuiltInServer {
  const configured: Readonly<Record<UpstreamName, string | null>> = {
    default: settings.paymentProcessorDefault,
    fallback: settings.paymentProcessorFallback,
    gateway: settings.paymentGatewayUrl,
  };
  const processors = createBuiltInProcessors({
    feeDefault: settings.processorFeeDefault,
    feeFallback: settings.processorFeeFallback,
    warn: (message) => log.warn(message),
  });
  const mockGateway = new MockGateway({
    okShare: settings.mockGatewayOkShare,
    errorShare: settings.mockGatewayErrorShare,
    lateShare: settings.mockGatewayLateShare,
    lateMs: settings.gatewayTimeoutSeconds * 1000 * LATE_FACTOR,
  });
  const handlers: Readonly<Record<UpstreamName, Handle>> = {
    default: (request, path) => processors.default.handle(request, path),
    fallback: (request, path) => processors.fallback.handle(request, path),
    gateway: (request) => mockGateway.pay(request),
  };
  const servers = new Map<UpstreamName, Bun.Server<undefined>>();
  const names = Object.keys(handlers) as UpstreamName[]; // keys of the record above
  for (const name of names) {
    if (configured[name] === null) servers.set(name, listenOnLoopback(handlers[name]));
  }
  return {
    urlOf: (name) => configured[name] ?? `http://127.0.0.1:${servers.get(name)?.port}`,
    isBuiltIn: (name) => servers.has(name),
    handle: (name, request, path) => handlers[name](request, path),
    mockGateway,
    stop: () => {
      for (const server of servers.values()) void server.stop(true);
    },
  };
}

function listenOnLoopback(handle: Handle): Bun.Server<undefined> {
  return Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 0,
    development: false,
    fetch: (request) => handle(request, requestPath(request.url)),
  });
}
