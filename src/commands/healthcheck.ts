/**
 * `catraca healthcheck`: is the server of this machine ready? The container's health check, because a slim
 * image has no HTTP client of its own.
 */
import type { Settings } from "../config/settings.ts";
import { type CommandContext, EXIT } from "./command.ts";

const TIMEOUT_MS = 2_000;
const READY_PATH = "/health/ready";
const DETAIL_CHARACTERS_MAX = 300;

/** Prints one line; 0 when the server says that it is ready, 1 otherwise. */
export async function run({ settings, print }: CommandContext): Promise<number> {
  const { url, unix, shown } = readyAddress(settings);
  // The server is on this machine; a proxy that is configured for upstreams cannot reach it.
  Object.assign(process.env, { NO_PROXY: "*" });
  try {
    const response = await fetch(url, {
      redirect: "manual",
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(unix === null ? {} : { unix }),
    });
    const body = (await response.text()).replace(/\s+/g, " ").trim().slice(0, DETAIL_CHARACTERS_MAX);
    const ready = response.status === 200;
    print(`${ready ? "ready" : "not ready"}: ${shown} answered ${response.status} ${body}`.trimEnd());
    return ready ? EXIT.ok : EXIT.failure;
  } catch (error) {
    print(`not ready: ${shown} did not answer (${reason(error)})`);
    return EXIT.failure;
  }
}

/** Where the server listens, as a client on the same machine reaches it. */
function readyAddress({ host, port, socket }: Settings): { url: string; unix: string | null; shown: string } {
  if (socket !== null) {
    return { url: `http://localhost${READY_PATH}`, unix: socket, shown: `${socket} ${READY_PATH}` };
  }
  const everywhere: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "::": "::1" };
  const reachable = everywhere[host] ?? host;
  const url = `http://${reachable.includes(":") ? `[${reachable}]` : reachable}:${port}${READY_PATH}`;
  return { url, unix: null, shown: url };
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return `no answer within ${TIMEOUT_MS / 1_000} s`;
  return "code" in error ? String(error.code) : error.message;
}
