import { seededRandom } from "../simulation/seeded-random.ts";
import { ACTIONS, type Action, type ActionContext } from "./actions.ts";
import { Memory } from "./memory.ts";

/** Requests under way at once, long polls included; beyond, a request that is due is given up and counted. */
const IN_FLIGHT_MAX = 900;
const TICK_MS = 5;
const TIMEOUT_MS = 15_000;

/** What has happened since the last look. */
export interface LoadFigures {
  readonly durationsMs: readonly number[];
  readonly sent: number;
  readonly inFlight: number;
}

/**
 * Requests at an even rate, whether or not earlier ones have been answered: a server that becomes slow does not make
 * its own load lighter.
 */
export class SoakLoad {
  /** Answers by section. */
  readonly bySection = new Map<string, number>();
  /** What the contract does not have, with how often. */
  readonly unexpected = new Map<string, number>();
  /** Requests that were due and had no place. */
  givenUp = 0;
  busy = 0;
  sent = 0;
  #inFlight = 0;
  #durationsMs: number[] = [];
  #sentAtLook = 0;
  #isRunning = true;
  readonly #done: Promise<void>;
  readonly #url: string;
  readonly #random: () => number;
  readonly #memory = new Memory();
  readonly #picks: readonly Action[];

  constructor(url: string, perSecond: number, seed: number) {
    this.#url = url;
    this.#random = seededRandom(seed);
    // A list in which each action stands as often as its weight says: one draw, no sums.
    this.#picks = ACTIONS.flatMap((action) => new Array<Action>(action.weight).fill(action));
    this.#done = this.#run(perSecond);
  }

  /** Figures since the last call. */
  look(): LoadFigures {
    const figures = {
      durationsMs: this.#durationsMs,
      sent: this.sent - this.#sentAtLook,
      inFlight: this.#inFlight,
    };
    this.#durationsMs = [];
    this.#sentAtLook = this.sent;
    return figures;
  }

  /** Ends when the last answer is there. */
  async stop(): Promise<void> {
    this.#isRunning = false;
    await this.#done;
  }

  async #run(perSecond: number): Promise<void> {
    const startedAt = performance.now();
    let due = 0;
    while (this.#isRunning) {
      const shouldBe = ((performance.now() - startedAt) / 1000) * perSecond;
      for (; due < shouldBe; due++) this.#start();
      await Bun.sleep(TICK_MS);
    }
    while (this.#inFlight > 0) await Bun.sleep(TICK_MS);
  }

  #start(): void {
    if (this.#inFlight >= IN_FLIGHT_MAX) {
      this.givenUp++;
      return;
    }
    const action = this.#picks[Math.floor(this.#random() * this.#picks.length)];
    if (action === undefined) throw new Error("there is nothing to do");
    this.#inFlight++;
    this.sent++;
    void this.#perform(action).finally(() => this.#inFlight--);
  }

  async #perform(action: Action): Promise<void> {
    const context: ActionContext = {
      random: this.#random,
      memory: this.#memory,
      request: (method, path, options) => this.#request(action, method, path, options),
    };
    await action.run(context);
  }

  async #request(
    action: Action,
    method: string,
    path: string,
    { body, headers = {}, expects }: Parameters<ActionContext["request"]>[2],
  ): Promise<Readonly<Record<string, unknown>> | null> {
    const begun = performance.now();
    try {
      const response = await fetch(`${this.#url}${path}`, {
        method,
        headers: body === undefined ? headers : { "content-type": "application/json", ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const text = await response.text();
      // A long poll is as long as the bank takes.
      if (action.isWait !== true) this.#durationsMs.push(performance.now() - begun);
      this.bySection.set(action.section, (this.bySection.get(action.section) ?? 0) + 1);
      if (response.status === 503) this.busy++;
      else if (!expects.includes(response.status))
        this.#note(`${method} ${action.name}: ${response.status} ${text.slice(0, 200)}`);
      // Metrics are text; every other answer that is looked at is an object.
      return text.startsWith("{") ? (JSON.parse(text) as Record<string, unknown>) : null;
    } catch (error) {
      this.#note(`${method} ${action.name}: ${reasonOf(error)}`);
      return null;
    }
  }

  #note(what: string): void {
    this.unexpected.set(what, (this.unexpected.get(what) ?? 0) + 1);
  }
}

/** Why there was no answer: the system's code if there is one. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return "code" in error ? String(error.code) : error.name;
}
