interface Listener {
  readonly host: string;
  readonly port: number;
  readonly socket: string | null;
}

const EVERY_INTERFACE: readonly string[] = ["0.0.0.0", "::"];
const LOOPBACK: readonly string[] = ["localhost", "127.0.0.1", "::1"];
const DEFAULT_PORTS: Readonly<Record<string, number>> = { "http:": 80, "https:": 443 };
/** Served at the replica's own port on purpose: calls there come to an end. */
const SIMULATED = /^\/(?:api\/v1\/)?mock-gateway$/;

/**
 * Whether a call to `address`, a URL, would reach the gateway that listens so. Only what the text itself tells: names
 * are not looked up, so that a start does not depend on a name server.
 */
export function listensAt({ host, port, socket }: Listener, address: string): boolean {
  const url = URL.parse(address);
  if (url === null || socket !== null || port === 0) return false;
  const calledPort = url.port === "" ? DEFAULT_PORTS[url.protocol] : Number(url.port);
  if (calledPort !== port || SIMULATED.test(url.pathname)) return false;
  const called = url.hostname.replace(/^\[|\]$/g, "");
  if (called === host || (LOOPBACK.includes(called) && LOOPBACK.includes(host))) return true;
  return EVERY_INTERFACE.includes(host) && LOOPBACK.includes(called);
}
