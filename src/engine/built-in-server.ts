import type { Settings } from "../config/settings.ts";
import type { Logger } from "../log/logger.ts";
import { BankSimulator } from "../simulator/bank.ts";
import { type BuiltInProcessors, createBuiltInProcessors } from "../simulator/built-in-processors.ts";
import { CardGatewaySimulator } from "../simulator/card-gateway.ts";
import { MockGateway } from "../simulator/mock-gateway.ts";
import { requestPath } from "../simulator/processor-api.ts";

/** Everything outside that a replica calls, and may simulate itself. */
export type UpstreamName = "default" | "fallback" | "gateway" | "cardGateway" | "bank";

/** Where dispatch calls whom. */
export type UpstreamUrls = Readonly<Record<UpstreamName, string>>;

/**
 * The upstreams that are used when none is configured. Dispatch calls each over a loopback port of its own, so
 * that they answer until the very end of a stop and also when the replica listens on a unix socket;
 * `/processors/…`, `/card-gateway/…` and `/mock-gateway/…` on the replica's port lead to the same books.
 */
export interface BuiltInServer {
  readonly urlOf: (name: UpstreamName) => string;
  readonly isBuiltIn: (name: UpstreamName) => boolean;
  /** Answers a request to a built-in upstream; `path` is what follows its prefix. */
  readonly handle: (name: UpstreamName, request: Request, path: string) => Promise<Response>;
  /** Null: real services in their place. */
  readonly processors: BuiltInProcessors | null;
  readonly cardGateway: CardGatewaySimulator | null;
  readonly mockGateway: MockGateway;
  readonly bank: BankSimulator;
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
    cardGateway: settings.paymentsUrl,
    // Always built in: no setting names another one.
    bank: null,
  };
  const mockGateway = simulateGateway(settings);
  const handlers = new Map<UpstreamName, Handle>();
  const isSimulated = configured.default === null || configured.fallback === null;
  const processors = isSimulated ? simulateProcessors(settings, log) : null;
  if (processors !== null) {
    handlers.set("default", (request, path) => processors.default.handle(request, path));
    handlers.set("fallback", (request, path) => processors.fallback.handle(request, path));
  }
  if (configured.gateway === null) handlers.set("gateway", (request) => mockGateway.pay(request));
  const bank = simulateBank(settings);
  handlers.set("bank", (request, path) => bank.handle(request, path));
  const cardGateway = configured.cardGateway === null ? new CardGatewaySimulator() : null;
  if (cardGateway !== null) {
    handlers.set("cardGateway", (request, path) => cardGateway.handle(request, path));
  }
  const servers = new Map([...handlers].map(([name, handle]) => [name, listenOnLoopback(handle)]));
  return {
    urlOf: (name) => configured[name] ?? `http://127.0.0.1:${servers.get(name)?.port}`,
    isBuiltIn: (name) => handlers.has(name),
    handle: (name, request, path) => {
      const handle = handlers.get(name);
      if (handle === undefined) throw new Error(`the upstream ${name} is not built in here`);
      return handle(request, path);
    },
    processors,
    cardGateway,
    mockGateway,
    bank,
    stop: () => {
      for (const server of servers.values()) void server.stop(true);
    },
  };
}

function simulateProcessors(settings: Settings, log: Logger): BuiltInProcessors {
  return createBuiltInProcessors({
    feeDefault: settings.processorFeeDefault,
    feeFallback: settings.processorFeeFallback,
    warn: (message) => log.warn(message),
  });
}

/** The payment gateway as the settings describe it. */
export function simulateGateway(
  settings: Pick<
    Settings,
    "mockGatewayOkShare" | "mockGatewayErrorShare" | "mockGatewayLateShare" | "gatewayTimeoutSeconds"
  >,
): MockGateway {
  return new MockGateway({
    okShare: settings.mockGatewayOkShare,
    errorShare: settings.mockGatewayErrorShare,
    lateShare: settings.mockGatewayLateShare,
    lateMs: settings.gatewayTimeoutSeconds * 1000 * LATE_FACTOR,
  });
}

/** The bank as the settings describe it. */
export function simulateBank(
  settings: Pick<Settings, "bankDelayMinSeconds" | "bankDelayMaxSeconds" | "bankApprovalRate">,
): BankSimulator {
  return new BankSimulator({
    delayMinMs: settings.bankDelayMinSeconds * 1000,
    delayMaxMs: settings.bankDelayMaxSeconds * 1000,
    approvalRate: settings.bankApprovalRate,
  });
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
