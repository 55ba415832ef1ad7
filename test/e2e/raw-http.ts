/** HTTP as bytes on a bare connection: for what no HTTP client would send. */
export interface RawAnswer {
  /** Null: the connection ended, or nothing came in time. */
  readonly status: number | null;
  readonly text: string;
}

/** Sends `request` and waits for the first answer, the end of the connection, or `timeoutMs`. */
export async function sendRaw(
  url: string,
  request: string | Uint8Array,
  timeoutMs = 1_000,
): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  const { promise, resolve } = Promise.withResolvers<RawAnswer>();
  let text = "";
  const answer = () => ({ status: statusOf(text), text });
  const timer = setTimeout(() => resolve(answer()), timeoutMs);
  const socket = await Bun.connect({
    hostname,
    port: Number(port),
    socket: {
      data: (_, received) => {
        text += received.toString("latin1");
        // 100 Continue is not the answer yet.
        if (statusOf(text) !== null) resolve(answer());
      },
      close: () => resolve(answer()),
      error: () => resolve(answer()),
    },
  });
  socket.write(request);
  const result = await promise;
  clearTimeout(timer);
  socket.terminate();
  return result;
}

function statusOf(text: string): number | null {
  const status = /^(?:HTTP\/1\.1 1\d\d [\s\S]*?\r\n\r\n)*HTTP\/1\.1 ([2-5]\d\d)/.exec(text)?.[1];
  return status === undefined ? null : Number(status);
}
