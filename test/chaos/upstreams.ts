import { SIMULATE_FLAGS } from "../../src/simulator/simulate-flags.ts";
import { type Processor, ProcessorPair } from "../e2e/processors.ts";
import { type Program, startProgram } from "../e2e/program.ts";
import { RecordingGateway } from "./recording-gateway.ts";

const ADMIN = { "x-rinha-token": "123", "content-type": "application/json" };

/** What the card gateway knows of a reference. */
export interface CardCharge {
  readonly status: "AUTHORIZED" | "DECLINED" | "FAILED" | "RUNNING";
  readonly attempts: number;
  readonly amountCents: number;
}

/** `catraca simulate` for one of its servers: a process of its own, so that it alone can be frozen. */
class SimulatedUpstream {
  readonly url: string;
  readonly program: Program;

  private constructor(program: Program, url: string) {
    this.program = program;
    this.url = url;
  }

  static async start(name: string): Promise<SimulatedUpstream> {
    const ports = SIMULATE_FLAGS.filter(({ flag }) => flag.startsWith("--port-"));
    const program = await startProgram(["simulate", ...ports.flatMap(({ flag }) => [flag, "0"])]);
    const { servers } = await program.jsonLine("servers", START_TIMEOUT_MS);
    // The shape that src/commands/simulate.ts prints.
    const all = servers as readonly { readonly name: string; readonly url: string }[];
    const server = all.find((candidate) => candidate.name === name);
    if (server === undefined) throw new Error(`catraca simulate started no ${name}`);
    return new SimulatedUpstream(program, server.url);
  }
}

const START_TIMEOUT_MS = 30_000;

/** The card gateway, as its administrator sees it. */
export class CardGatewayProcess {
  readonly url: string;
  readonly program: Program;

  constructor(upstream: SimulatedUpstream) {
    this.url = upstream.url;
    this.program = upstream.program;
  }

  /** One of its switches: delay, failure, decline, faults. */
  async set(name: string, body: object): Promise<void> {
    const init = { method: "PUT", headers: ADMIN, body: JSON.stringify(body) };
    const response = await fetch(`${this.url}/admin/configurations/${name}`, init);
    if (response.status !== 200) throw new Error(`the card gateway answered ${response.status}`);
  }

  async find(reference: string): Promise<CardCharge | null> {
    const response = await fetch(`${this.url}/admin/charges/${reference}`, { headers: ADMIN });
    if (response.status === 404) return null;
    if (response.status !== 200) throw new Error(`the card gateway answered ${response.status}`);
    return (await response.json()) as CardCharge; // src/simulator/card-gateway.ts prints it
  }

  /** How many references are authorized. */
  async authorizedCount(): Promise<number> {
    const response = await fetch(`${this.url}/admin/charges-summary`, { headers: ADMIN });
    return ((await response.json()) as { authorized: number }).authorized; // as above
  }
}

/** Everything outside that the replicas call; the bank is built into each of them and needs no memory. */
export class Upstreams {
  readonly processors: ProcessorPair;
  readonly cardGateway: CardGatewayProcess;
  readonly paymentGateway: RecordingGateway;
  /** Those that can be frozen. */
  readonly programs: Readonly<Record<"default" | "fallback" | "card-gateway", Program>>;

  private constructor(
    one: SimulatedUpstream,
    other: SimulatedUpstream,
    cards: SimulatedUpstream,
    gateway: RecordingGateway,
  ) {
    this.processors = new ProcessorPair(one.program, [
      { name: "processor-default", url: one.url },
      { name: "processor-fallback", url: other.url },
    ]);
    this.cardGateway = new CardGatewayProcess(cards);
    this.paymentGateway = gateway;
    this.programs = { default: one.program, fallback: other.program, "card-gateway": cards.program };
  }

  static async start(seed: number): Promise<Upstreams> {
    const names = ["processor-default", "processor-fallback", "card-gateway"];
    const [one, other, cards] = await Promise.all(names.map((name) => SimulatedUpstream.start(name)));
    if (one === undefined || other === undefined || cards === undefined)
      throw new Error("three were started");
    return new Upstreams(one, other, cards, new RecordingGateway(seed));
  }

  get env(): Readonly<Record<string, string>> {
    return {
      ...this.processors.env,
      PAYMENTS_URL: this.cardGateway.url,
      PAYMENT_GATEWAY_URL: this.paymentGateway.url,
    };
  }

  processor(name: "default" | "fallback"): Processor {
    return this.processors[name];
  }

  /** Everybody answers quickly and tells the truth. */
  async heal(): Promise<void> {
    for (const program of Object.values(this.programs)) program.signal("SIGCONT");
    this.paymentGateway.trouble = { kind: "none" };
    await this.processors.heal();
    await this.cardGateway.set("delay", { delay: 0 });
    await this.cardGateway.set("failure", { failure: false });
    await this.cardGateway.set("decline", { decline: false });
    await this.cardGateway.set("faults", {});
  }
}
