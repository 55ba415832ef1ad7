import { requestPath } from "./processor-api.ts";

/** One simulated upstream with a port of its own. */
export interface SimulatedServer {
  readonly name: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** `path` is the request's path, without the query. */
  readonly handle: (request: Request, path: string) => Response | Promise<Response>;
}

export interface RunningServer {
  readonly name: string;
  readonly port: number;
  readonly url: string;
}

export type StartedServers =
  | {
      readonly kind: "started";
      readonly servers: readonly RunningServer[];
      readonly stop: () => Promise<void>;
    }
  /** One could not listen (port taken, address not ours): none is left running. */
  | { readonly kind: "failed"; readonly server: SimulatedServer; readonly reason: string };

/** Kestrel, the server of the published processors, takes bodies of up to 30,000,000 bytes. */
const BODY_BYTES_MAX = 30_000_000;

/** Starts all servers on `host`, or none. */
export function startServers(host: string, plans: readonly SimulatedServer[]): StartedServers {
  const running: { server: Bun.Server<undefined>; name: string }[] = [];
  const stop = async () => {
    await Promise.all(running.map(({ server }) => server.stop(true)));
  };
  for (const plan of plans) {
    try {
      running.push({ server: listen(host, plan), name: plan.name });
    } catch (error) {
      void stop();
      return { kind: "failed", server: plan, reason: error instanceof Error ? error.message : String(error) };
    }
  }
  const servers = running.map(({ server, name }) => describe(host, server.port ?? 0, name));
  return { kind: "started", servers, stop };
}

function listen(host: string, { port, handle }: SimulatedServer): Bun.Server<undefined> {
  return Bun.serve({
    hostname: host,
    port,
    // A delayed or queued call is silent for as long as it takes: no connection ends for being idle.
    idleTimeout: 0,
    maxRequestBodySize: BODY_BYTES_MAX,
    fetch: (request) => handle(request, requestPath(request.url)),
  });
}

function describe(host: string, port: number, name: string): RunningServer {
  return { name, port, url: `http://${host.includes(":") ? `[${host}]` : host}:${port}` };
}
