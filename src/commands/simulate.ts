/**
 * `catraca simulate`: the simulated upstreams, each on a port of its own, until SIGTERM or SIGINT.
 *
 * On a terminal it prints a line per server. Otherwise it prints one line of JSON, so that a script that asked
 * for port 0 can read the real ports:
 *
 *   {"servers":[{"name":"processor-default","port":8001,"url":"http://127.0.0.1:8001"}, …]}
 */
import { simulateBank, simulateGateway } from "../engine/built-in-server.ts";
import { createBuiltInProcessors } from "../simulator/built-in-processors.ts";
import { CardGatewaySimulator } from "../simulator/card-gateway.ts";
import { readSimulateOptions, type SimulateOptions } from "../simulator/simulate-flags.ts";
import { type RunningServer, type SimulatedServer, startServers } from "../simulator/simulated-servers.ts";
import { type CommandContext, EXIT } from "./command.ts";

/** What the command needs of its context. */
export type SimulateContext = Pick<CommandContext, "options" | "print"> & {
  readonly settings: Pick<
    CommandContext["settings"],
    | "host"
    | "processorFeeDefault"
    | "processorFeeFallback"
    | "mockGatewayOkShare"
    | "mockGatewayErrorShare"
    | "mockGatewayLateShare"
    | "gatewayTimeoutSeconds"
    | "bankDelayMinSeconds"
    | "bankDelayMaxSeconds"
    | "bankApprovalRate"
  >;
};

/** Runs until it is told to stop; ends with 0 then, with 1 if a port is taken, with 2 for a bad flag. */
export async function run({ settings, options, print }: SimulateContext): Promise<number> {
  const read = readSimulateOptions(options);
  if (read.kind === "problems") {
    for (const problem of read.problems) console.error(problem);
    return EXIT.usage;
  }
  const started = startServers(settings.host, planServers(settings, read.options));
  if (started.kind === "failed") {
    const { name, port } = started.server;
    console.error(`${name}: cannot listen on ${settings.host} port ${port}: ${started.reason}`);
    return EXIT.failure;
  }
  // Before the line is printed: whoever waits for it may send the signal at once.
  const stopped = untilSignal();
  announce(started.servers, print);
  await stopped;
  await started.stop();
  return EXIT.ok;
}

/** Every simulated upstream is a row here. */
function planServers(
  settings: SimulateContext["settings"],
  options: SimulateOptions,
): readonly SimulatedServer[] {
  const processors = createBuiltInProcessors({
    feeDefault: settings.processorFeeDefault,
    feeFallback: settings.processorFeeFallback,
    rateLimitSeconds: options["--rate-limit-seconds"],
    token: options["--token"],
  });
  const gateway = simulateGateway(settings);
  const bank = simulateBank(settings);
  const cardGateway = new CardGatewaySimulator({ token: options["--token"] });
  return [
    {
      name: "processor-default",
      port: options["--port-default"],
      handle: (request, path) => processors.default.handle(request, path),
    },
    {
      name: "processor-fallback",
      port: options["--port-fallback"],
      handle: (request, path) => processors.fallback.handle(request, path),
    },
    {
      name: "payment-gateway",
      port: options["--port-gateway"],
      handle: (request) => gateway.pay(request),
    },
    {
      name: "bank",
      port: options["--port-bank"],
      handle: (request, path) => bank.handle(request, path),
    },
    {
      name: "card-gateway",
      port: options["--port-card-gateway"],
      handle: (request, path) => cardGateway.handle(request, path),
    },
  ];
}

function announce(servers: readonly RunningServer[], print: (line: string) => void): void {
  if (!process.stdout.isTTY) {
    print(JSON.stringify({ servers }));
    return;
  }
  for (const { name, url } of servers) print(`${name.padEnd(20)} ${url}`);
}

function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    process.once("SIGTERM", () => resolve());
    process.once("SIGINT", () => resolve());
  });
}
