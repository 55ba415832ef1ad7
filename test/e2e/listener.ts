/** Live events (GET /events) as a client reads them. */
export type LiveEvent = Readonly<Record<string, unknown>> & { readonly type: string };

/** A client of the stream. */
export class Listener {
  readonly events: LiveEvent[] = [];
  lastId: string | null = null;
  readonly #abort = new AbortController();
  readonly #ended: Promise<void>;

  constructor(response: Response) {
    this.#ended = this.#read(response).catch(() => {});
  }

  static async open(url: string, headers: Record<string, string> = {}): Promise<Listener> {
    const response = await fetch(url, { headers });
    if (response.status !== 200) throw new Error(`${url} answered ${response.status}`);
    return new Listener(response);
  }

  get ended(): Promise<void> {
    return this.#ended;
  }

  async close(): Promise<void> {
    this.#abort.abort();
    await this.#ended;
  }

  async #read(response: Response): Promise<void> {
    const decoder = new TextDecoder();
    let rest = "";
    const reader = response.body?.getReader();
    this.#abort.signal.addEventListener("abort", () => void reader?.cancel());
    for (;;) {
      const { value, done = true } = (await reader?.read()) ?? {};
      if (done) return;
      const parts = (rest + decoder.decode(value, { stream: true })).split("\n\n");
      rest = parts.pop() ?? "";
      for (const part of parts) this.#take(part);
    }
  }

  #take(part: string): void {
    this.lastId = /^id: (.*)$/m.exec(part)?.[1] ?? this.lastId;
    const data = /^data: (.*)$/m.exec(part)?.[1];
    if (data !== undefined) this.events.push(JSON.parse(data) as LiveEvent); // as GET /events documents it
  }
}
