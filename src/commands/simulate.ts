/**
 * `catraca simulate`: the simulated upstreams, each on a port of its own, until SIGTERM or SIGINT.
 *
 * On a terminal it prints a line per server. Otherwise it prints one line of JSON, so that a script that asked
 * for port 0 can read the real ports:
 *
 *   {"servers":[{"name":"processor-default","port":8001,"url":"http://127.0.0.1:8001"}, …]}
 */
import type { Flag } from "../config/arguments.ts";
import { port, type Setting, type SettingValue, seconds } from "../config/setting.ts";
import type { Settings } from "../config/settings.ts";
import { word } from "../config/text-settings.ts";
import { createBuiltInProcessors } from "../simulator/built-in-processors.ts";
import { type RunningServer, type SimulatedServer, startServers } from "../simulator/simulated-servers.ts";

/** What the command needs of the loaded settings and of its own flags. */
export interface SimulateContext {
  readonly settings: Pick<Settings, "host" | "processorFeeDefault" | "processorFeeFallback">;
  /** Text per flag of `commandFlags`, where given. */
  readonly options: ReadonlyMap<string, string>;
}

/** The flags of this command that are no settings of the service. */
const OPTIONS = {
  "--port-default": port(8001, "TCP port of the default processor; 0 takes any free one."),
  "--port-fallback": port(8002, "TCP port of the fallback processor; 0 takes any free one."),
  "--rate-limit-seconds": seconds(5, [0.01, 3600], "A processor lets one health call in per this time."),
  "--token": word("123", "`X-Rinha-Token` of the processors' administrator's calls."),
};

type Options = { readonly [Name in keyof typeof OPTIONS]: SettingOf<(typeof OPTIONS)[Name]> };
type SettingOf<Row> = Row extends Setting<infer Value> ? Value : never;

/** For the loader of settings and for the help. */
export const commandFlags: readonly (Flag & { readonly meaning: string; readonly defaultText: string })[] =
  Object.entries<Setting>(OPTIONS).map(([flag, { meaning, defaultText }]) => ({
    flag,
    takesValue: true,
    meaning,
    defaultText,
  }));

/** Runs until it is told to stop. Returns the exit code: 0, or 1 if a port is taken, or 2 for a bad flag. */
export async function run(context: SimulateContext): Promise<number> {
  const read = readOptions(context.options);
  if ("problems" in read) {
    for (const problem of read.problems) console.error(problem);
    return 2;
  }
  const started = startServers(context.settings.host, planServers(context.settings, read.options));
  if (started.kind === "failed") {
    const { name, port } = started.server;
    console.error(`${name}: cannot listen on ${context.settings.host} port ${port}: ${started.reason}`);
    return 1;
  }
  // Before the line is printed: whoever waits for it may send the signal at once.
  const stopped = untilSignal();
  announce(started.servers);
  await stopped;
  await started.stop();
  return 0;
}

/** Every simulated upstream is a row here. */
function planServers(settings: SimulateContext["settings"], options: Options): readonly SimulatedServer[] {
  const processors = createBuiltInProcessors({
    feeDefault: settings.processorFeeDefault,
    feeFallback: settings.processorFeeFallback,
    rateLimitSeconds: options["--rate-limit-seconds"],
    token: options["--token"],
  });
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
  ];
}

function readOptions(
  given: ReadonlyMap<string, string>,
): { readonly options: Options } | { readonly problems: string[] } {
  const problems: string[] = [];
  const values: [string, SettingValue | undefined][] = Object.entries<Setting>(OPTIONS).map(([flag, row]) => {
    const text = given.get(flag);
    // None of the rows above has a default that depends on others.
    if (text === undefined) return [flag, row.defaultValue as SettingValue];
    const value = row.parse(text);
    if (value === undefined) problems.push(`${flag}: expected ${row.expected}, got "${text}".`);
    return [flag, value];
  });
  // Each row was parsed by itself, so each value has its row's type; without problems none is missing.
  return problems.length > 0 ? { problems } : { options: Object.fromEntries(values) as Options };
}

function announce(servers: readonly RunningServer[]): void {
  if (!process.stdout.isTTY) {
    console.log(JSON.stringify({ servers }));
    return;
  }
  for (const { name, url } of servers) console.log(`${name.padEnd(20)} ${url}`);
}

function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    process.once("SIGTERM", () => resolve());
    process.once("SIGINT", () => resolve());
  });
}
