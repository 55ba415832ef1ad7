/** Ten consoles are open and read what the overview reads, while payments come in: what they cost in memory. */
import { afterAll, expect, test } from "bun:test";
import { post } from "./client.ts";
import { Gateway } from "./gateway.ts";
import { memoryOf } from "./memory.ts";
import { endPrograms } from "./program.ts";
import { until } from "./until.ts";

afterAll(endPrograms);

const CONSOLES = 10;
const PAYMENTS_PER_SECOND = 50;
const WATCHED_MS = 10_000;
const TICK_MS = 100;
const BROWSER = { accept: "text/html", "accept-encoding": "gzip" };

/** An overview as a browser opens it: the page with its files, the events, and two questions per second. */
class OpenConsole {
  eventBytes = 0;
  answers = 0;
  readonly #url: string;
  readonly #end = new AbortController();
  #timer: Timer | null = null;

  constructor(url: string) {
    this.#url = url;
  }

  async open(): Promise<void> {
    const page = await this.#read("/");
    for (const [, file = ""] of page.matchAll(/(?:src|href)="(\/[^"]+)"/g)) await this.#read(file);
    await this.#read("/api/console/overview?resolution=second&points=300");
    void this.#readEvents();
    this.#timer = setInterval(() => {
      for (const path of ["overview?resolution=second&points=5", "state"]) {
        void this.#read(`/api/console/${path}`).then(() => this.answers++);
      }
    }, 1000);
  }

  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#end.abort();
  }

  async #read(path: string): Promise<string> {
    const response = await fetch(`${this.#url}${path}`, { headers: BROWSER });
    if (response.status !== 200) throw new Error(`${path} answered ${response.status}`);
    return response.text();
  }

  async #readEvents(): Promise<void> {
    try {
      const { body } = await fetch(`${this.#url}/events`, { signal: this.#end.signal });
      for await (const chunk of body ?? []) this.eventBytes += chunk.length;
    } catch (error) {
      if (!this.#end.signal.aborted) throw error;
    }
  }
}

test("ten open consoles and 50 payments per second stay within the memory of a replica", async () => {
  const gateway = await Gateway.start();
  let sent = 0;
  const load = setInterval(() => {
    for (let i = 0; i < (PAYMENTS_PER_SECOND * TICK_MS) / 1000; i++) {
      void post(`${gateway.url}/payments`, { correlationId: crypto.randomUUID(), amount: 19.9 });
      sent++;
    }
  }, TICK_MS);
  await until("some load", 5_000, async () => sent >= PAYMENTS_PER_SECOND);
  const without = memoryOf(gateway.pid);
  const consoles = Array.from({ length: CONSOLES }, () => new OpenConsole(gateway.url));
  await Promise.all(consoles.map((console) => console.open()));
  await Bun.sleep(WATCHED_MS);
  const memory = memoryOf(gateway.pid);
  clearInterval(load);
  console.log(
    `memory in MiB without consoles ${JSON.stringify(without)}, with ten ${JSON.stringify(memory)}`,
  );
  for (const { eventBytes, answers } of consoles) {
    expect(eventBytes).toBeGreaterThan(1_000);
    expect(answers).toBeGreaterThan(2);
  }
  expect(memory.own).toBeLessThan(80);
  for (const open of consoles) open.close();
  await gateway.stop();
}, 40_000);
