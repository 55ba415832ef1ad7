import type { Answer } from "../e2e/client.ts";

export type Section = "A" | "B" | "C" | "D" | "E";

/** No answer after this is none: longer than a long poll here and than the balancer's attempts. */
const ANSWER_TIMEOUT_MS = 8_000;
/** Tries whose client hangs up so soon that it may have been carried out without an answer. */
const IMPATIENT_SHARE = 0.04;
const IMPATIENCE_MS = { min: 1, max: 40 };
/** Answered requests with a key that are sent once more: the answer must be the same. */
const REPLAY_SHARE = 0.1;
/** Between two tries of one request. */
const RETRY_PAUSE_MS = { min: 50, max: 500 };

/** A time without any 2xx. */
export interface Silence {
  /** From the beginning of the load. */
  readonly fromMs: number;
  readonly durationMs: number;
}

/** Shorter ones say nothing: three frozen or killed replicas at once are nothing special here. */
const SILENCE_MS_MIN = 1_000;

/** The time for the last answers is over: the caller stops. What it waited for is a finding already. */
export class GaveUp extends Error {}

/**
 * A client of the gateway as they should be: it repeats what was not answered with the same key until it knows, and
 * counts everything. What no fault excuses is written down in `surprises`.
 */
export class Client {
  /** Answers by section and status, "A 202"; "A –" is none. */
  readonly counts = new Map<string, number>();
  readonly surprises: string[] = [];
  /** Requests that were sent again with the key of an answered one. */
  replays = 0;
  /** Times in which nobody was answered 2xx, the longest first. */
  readonly silences: Silence[] = [];
  /** From this moment on (performance.now) nobody waits any longer. */
  giveUpAt = Number.POSITIVE_INFINITY;
  readonly #url: string;
  readonly #random: () => number;
  #startedAt = performance.now();
  #answeredAt = performance.now();
  #isLoad = true;

  constructor(url: string, random: () => number) {
    this.#url = url;
    this.#random = random;
  }

  /** One try. @returns null if it may or may not have been carried out, or is to be tried later */
  async once(section: Section, path: string, init: RequestInit = {}): Promise<Answer | null> {
    const isImpatient = init.method === "POST" && this.#random() < IMPATIENT_SHARE;
    const answer = await this.#send(
      path,
      init,
      isImpatient ? this.#between(IMPATIENCE_MS) : ANSWER_TIMEOUT_MS,
    );
    const name = `${section} ${answer === null ? "–" : answer.status}`;
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
    if (answer === null) return null;
    const { status } = answer;
    if (status < 300) this.#noteAnswered();
    if (status === 500) this.surprise(`${init.method ?? "GET"} ${path}`, answer);
    const code = codeOf(answer);
    const isBusy = status === 429 || status >= 500 || code === "IDEMPOTENCY_KEY_IN_USE";
    return isBusy ? null : answer;
  }

  /** Tries until it is answered 2xx or 4xx; only for what may be repeated. @throws GaveUp */
  async answered(section: Section, path: string, init: RequestInit = {}): Promise<Answer> {
    for (;;) {
      const answer = await this.once(section, path, init);
      if (answer !== null) {
        if (init.method === "POST" && this.#random() < REPLAY_SHARE) {
          await this.#replay(section, path, init, answer);
        }
        return answer;
      }
      await this.pause(`${init.method ?? "GET"} ${path} to be answered`);
    }
  }

  /** Between two tries. @throws GaveUp when the time for the last answers is over */
  async pause(waitedFor: string): Promise<void> {
    if (performance.now() > this.giveUpAt) {
      this.surprises.push(`waited in vain for ${waitedFor}`);
      throw new GaveUp(waitedFor);
    }
    await Bun.sleep(this.#between(RETRY_PAUSE_MS));
  }

  /** Writes down an answer that no fault excuses. */
  surprise(what: string, { status, text }: Answer): void {
    this.surprises.push(`${what} was answered ${status}: ${text.slice(0, 200)}`);
  }

  /** The same key again, at whichever replica: nothing happens, and the answer is the first one's (R7). */
  async #replay(section: Section, path: string, init: RequestInit, first: Answer): Promise<void> {
    const again = await this.once(section, path, init);
    this.replays++;
    if (again === null || (again.status === first.status && again.text === first.text)) return;
    this.surprise(
      `POST ${path}, answered ${first.status} ${first.text.slice(0, 200)} before, with the same key`,
      again,
    );
  }

  #between({ min, max }: { readonly min: number; readonly max: number }): number {
    return min + this.#random() * (max - min);
  }

  async #send(path: string, init: RequestInit, timeoutMs: number): Promise<Answer | null> {
    try {
      const signal = AbortSignal.timeout(timeoutMs);
      const response = await fetch(`${this.#url}${path}`, { redirect: "manual", ...init, signal });
      const { status, headers } = response;
      const text = await response.text();
      return { status, headers, text, body: parseJson(text) };
    } catch {
      return null;
    }
  }

  /** From now on times are counted. */
  beginLoad(): void {
    this.#startedAt = performance.now();
    this.#answeredAt = this.#startedAt;
    this.silences.length = 0;
  }

  /** The load is over: what is still waited for (a bank's decision) is no silence any more. */
  endLoad(): void {
    this.#noteAnswered();
    this.#isLoad = false;
  }

  #noteAnswered(): void {
    if (!this.#isLoad) return;
    const now = performance.now();
    const durationMs = now - this.#answeredAt;
    if (durationMs > SILENCE_MS_MIN) {
      this.silences.push({ fromMs: this.#answeredAt - this.#startedAt, durationMs });
      this.silences.sort((a, b) => b.durationMs - a.durationMs);
    }
    this.#answeredAt = now;
  }
}

/** A POST with a JSON body and, unless `key` is null, an Idempotency-Key. */
export function posting(body: unknown, key: string | null): RequestInit {
  const headers: Record<string, string> = { "content-type": "application/json" };
  if (key !== null) headers["idempotency-key"] = key;
  return { method: "POST", headers, body: JSON.stringify(body) };
}

/** The problem's stable name; "" if the answer is none of ours. */
export function codeOf({ body }: Answer): string {
  return String(fieldsOf(body)["code"] ?? "");
}

/** The members of an answer; none if it is no object. */
export function fieldsOf(body: unknown): Readonly<Record<string, unknown>> {
  // Any object: what is not there is undefined.
  return typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
}

/** The UUID in an answer's sentence. */
export function uuidIn({ text }: Answer): string | null {
  return /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/.exec(text)?.[0] ?? null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
