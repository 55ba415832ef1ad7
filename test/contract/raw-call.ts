/**
 * Calls over a bare TCP connection: for what `fetch` hides (a caller who hangs up, a reset) or limits (it has at
 * most 256 calls in flight).
 */
export type RawOutcome =
  | { readonly kind: "answered"; readonly status: number; readonly text: string }
  /** The connection ended before a whole status line came. */
  | { readonly kind: "closed"; readonly reset: boolean };

/** An open connection on which one request may be sent. */
export interface RawConnection {
  /** Sends a request; `body` is sent as JSON. */
  send(method: string, body?: unknown): void;
  readonly outcome: Promise<RawOutcome>;
  /** Ends the connection as a client does whose time-out has passed. */
  hangUp(): void;
}

/** Connections opened at once: a listener's backlog (512) must hold them, or a SYN is repeated after a second. */
const OPENED_AT_ONCE_MAX = 100;

/** Connects to the host of `url`; the request will be for its path. */
export async function connectRaw(url: string): Promise<RawConnection> {
  const { hostname, port, pathname } = new URL(url);
  const { promise: outcome, resolve } = Promise.withResolvers<RawOutcome>();
  let received = "";
  const socket = await Bun.connect({
    hostname,
    port: Number(port),
    socket: {
      data: (_, bytes) => {
        received += bytes.toString("latin1");
      },
      close: (_, error) => {
        const status = /^HTTP\/1\.1 (\d{3})/.exec(received)?.[1];
        if (status === undefined) resolve({ kind: "closed", reset: error !== undefined });
        else resolve({ kind: "answered", status: Number(status), text: received });
      },
    },
  });
  const send = (method: string, body?: unknown) => {
    const text = body === undefined ? "" : JSON.stringify(body);
    const head = [
      `${method} ${pathname} HTTP/1.1`,
      `Host: ${hostname}`,
      "Connection: close",
      "Content-Type: application/json",
      `Content-Length: ${Buffer.byteLength(text)}`,
    ];
    socket.write(`${head.join("\r\n")}\r\n\r\n${text}`);
  };
  return { send, outcome, hangUp: () => socket.end() };
}

/** Opens `count` connections, a hundred at a time. */
export async function connectManyRaw(url: string, count: number): Promise<readonly RawConnection[]> {
  const connections: RawConnection[] = [];
  while (connections.length < count) {
    const atOnce = Math.min(OPENED_AT_ONCE_MAX, count - connections.length);
    connections.push(...(await Promise.all(Array.from({ length: atOnce }, () => connectRaw(url)))));
  }
  return connections;
}

/** Sends one request on a connection of its own. */
export async function callRaw(url: string, method: string, body?: unknown): Promise<RawConnection> {
  const connection = await connectRaw(url);
  connection.send(method, body);
  return connection;
}
