import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Settings } from "../../../src/config/settings.ts";
import { settingsWith } from "../../../src/store/fixtures/store-harness.ts";
import { between, pick, seededRandom } from "../seeded-random.ts";
import { inWorld } from "./ambient-world.ts";
import { Books, checkAlways, FinalStates, type Happenings } from "./books.ts";
import { ClientModel } from "./client-model.ts";
import { CommitLog } from "./commit-log.ts";
import { checkCounters } from "./counter-check.ts";
import { type Course, drawCourse } from "./course.ts";
import { DatabaseAnchor } from "./database-anchor.ts";
import { drawLengthMs, type FaultStrengths } from "./faults.ts";
import { checkAtEnd } from "./final-check.ts";
import { LeaseWitness } from "./lease-witness.ts";
import { Gateways } from "./other-upstreams.ts";
import { PaymentProcessor } from "./payment-processor.ts";
import { quietLog } from "./quiet-log.ts";
import { RedisLink } from "./redis-link.ts";
import { RedisModel } from "./redis-model.ts";
import { type Machine, ReplicaProcess } from "./replica-process.ts";
import { Network } from "./simulated-http.ts";
import { Trace } from "./trace.ts";
import { type SimulatedProcess, VirtualWorld } from "./virtual-world.ts";
import { Weather } from "./weather.ts";
import { Workload } from "./workload.ts";

/** How often it is asked whether everything is to be looked at while faults go on … */
const CHECK_EVERY_MS = 2_000;
/** … which is so after as many transactions as a dense run has in that time. */
const CHECK_EVERY_COMMITS = 40;
/** So a lease of 3 s that is renewed once a second is still renewed in time. */
const IDLE_STRETCH_MAX = 12;
/** By then the first replica serves, and nothing has gone wrong yet. */
const START_MS = 500;
const UPSTREAM_URLS = {
  default: "http://default",
  fallback: "http://fallback",
  cardGateway: "http://cards",
  gateway: "http://gateway",
  bank: "http://bank",
};

export interface SimulationOptions {
  /** Lines of the trace that are kept for a failure; 0: none. */
  readonly traceLinesMax?: number;
  readonly print?: (line: string) => void;
  /** Only these kinds of faults, for a look at one of them. */
  readonly strengths?: FaultStrengths;
  /** A defect on purpose, to see that it is found: counters that take a delta whatever its number is. */
  readonly ignoresNumbers?: boolean;
}

export interface SimulationResult {
  readonly seed: number;
  readonly virtualMs: number;
  readonly acknowledged: number;
  readonly settled: number;
  readonly lives: number;
  readonly happenings: Happenings;
  readonly traceHash: string;
  readonly steps: number;
  readonly course: Course;
  readonly broken: readonly string[];
  readonly trace: readonly string[];
}

/** Runs the engine under the faults of a seed, and then without faults until all has ended. */
export function simulateEngine(seed: number, options: SimulationOptions = {}): SimulationResult {
  const root = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
  const directory = mkdtempSync(join(root, "catraca-simulation-"));
  const simulation = new EngineSimulation(seed, directory, options);
  try {
    return inWorld(simulation.world, () => simulation.run());
  } finally {
    inWorld(simulation.world, () => simulation.end());
    rmSync(directory, { recursive: true });
  }
}

class EngineSimulation {
  readonly world: VirtualWorld;
  readonly #seed: number;
  readonly #trace: Trace;
  readonly #random: () => number;
  readonly #course: Course;
  readonly #model = new ClientModel();
  readonly #processors: Readonly<Record<"default" | "fallback", PaymentProcessor>>;
  readonly #gateways: Gateways;
  readonly #redisModel = new RedisModel();
  readonly #commits = new CommitLog(() => this.#anchor.checkpoint());
  readonly #machine: Machine;
  readonly #databaseFile: string;
  readonly #anchor: DatabaseAnchor;
  readonly #lives = new Map<string, ReplicaProcess>();
  readonly #witness: LeaseWitness;
  readonly #workload: Workload;
  readonly #weather: Weather;
  readonly #broken: string[] = [];
  readonly #pieces = new Map<number, number>();
  readonly #finalStates = new FinalStates(this.#model.requeued);
  /** Replicas that never come back once they are dead: nobody but the others ends their work. */
  readonly #goneForGood = new Set<string>();
  #books: Books | null = null;
  #commitsChecked = 0;
  #purgeLookedForAt = -1;
  #livesBegun = 0;
  #isCalm = false;

  constructor(seed: number, directory: string, options: SimulationOptions) {
    this.#seed = seed;
    this.#random = seededRandom(Math.imul(seed, 0x9e3779b1) ^ 0x2545f491);
    this.#trace = new Trace(options.traceLinesMax ?? 0, options.print ?? null);
    this.world = new VirtualWorld(this.#random, this.#trace);
    const { world } = this;
    this.#course = drawCourse(this.#random, options.strengths);
    const { strengths, rates, replicas, stretch } = this.#course;
    world.idleStretch = Math.min(stretch, IDLE_STRETCH_MAX);
    this.#databaseFile = join(directory, "catraca.db");
    this.#anchor = new DatabaseAnchor(this.#databaseFile, this.#course.isFirstStart);
    const recorded = (id: string) => this.#judgeRecorded(id);
    this.#processors = {
      default: new PaymentProcessor(world, "default", recorded),
      fallback: new PaymentProcessor(world, "fallback", recorded),
    };
    this.#gateways = new Gateways(world, () => between(this.#random, 500, 8_000));
    const network = new Network(world, {
      default: this.#processors.default.serve,
      fallback: this.#processors.fallback.serve,
      cards: this.#gateways.serveCards,
      gateway: this.#gateways.servePayments,
      bank: this.#gateways.serveBank,
    });
    this.#redisModel.ignoresNumbers = options.ignoresNumbers ?? false;
    const redis = new RedisLink(world, this.#redisModel);
    const ringPathOf = (name: string) => join(directory, `${name}.ring`);
    const onDefect = (message: string) => this.#note(`a defect was logged: ${message}`);
    this.#witness = new LeaseWitness(world, (broken) => this.#note(broken));
    this.#machine = {
      world,
      network,
      redis,
      upstreamUrls: UPSTREAM_URLS,
      ringPathOf,
      logOf: (replica, thread) => quietLog(replica, thread, this.#trace, () => world.nowMs, onDefect),
      commits: this.#commits,
      witness: this.#witness,
      onHeard: (thread) => this.#weather.heard(thread),
      afterStore: () => this.#lookForPurge(),
      onEnd: (life) => this.#startAgain(life),
    };
    this.#workload = new Workload({
      world,
      model: this.#model,
      rates,
      fronts: () => [...this.#lives.values()].flatMap(({ front }) => (front === null ? [] : [front])),
      accountOf: (uuid) => this.#booksNow().walletAccount(uuid),
      deadLetters: () => this.#booksNow().deadLetters(),
    });
    const names = ["r1", "r2", "r3"].slice(0, replicas);
    this.#weather = new Weather({
      world,
      strengths,
      stretch,
      network,
      redis,
      processors: Object.values(this.#processors),
      gateways: this.#gateways,
      workload: this.#workload,
      ringPaths: names.map(ringPathOf),
      end: (how, spared) => this.#endOne(how, spared),
    });
    for (const [index, name] of names.entries()) {
      world.plan(null, 1 + index * 20, `${name} is started`, () => this.#begin(name));
    }
  }

  run(): SimulationResult {
    const { world } = this;
    world.runUntil(START_MS);
    this.#workload.start();
    this.#weather.begin();
    this.#runChecked(world.nowMs + this.#course.safetyMs);
    this.#check();
    this.#weather.clear();
    this.#isCalm = true;
    this.#chooseWhoStaysAway();
    // Service is back: what comes now has to end, too.
    this.#runChecked(world.nowMs + 3_000);
    this.#workload.stop();
    const deadlineMs = world.nowMs + this.#course.livenessMs;
    while (!this.#hasEnded() && world.nowMs < deadlineMs && this.#broken.length === 0) {
      this.#runChecked(world.nowMs + CHECK_EVERY_MS);
    }
    this.#check();
    if (this.#broken.length === 0) this.#checkEnd();
    return this.#result();
  }

  end(): void {
    for (const { process } of this.#lives.values()) process.kill();
    this.#books?.close();
    this.#anchor.close();
  }

  #runChecked(untilMs: number): void {
    while (this.world.nowMs < untilMs && this.#broken.length === 0) {
      this.world.runUntil(Math.min(untilMs, this.world.nowMs + CHECK_EVERY_MS));
      if (this.#commits.ofWork - this.#commitsChecked >= CHECK_EVERY_COMMITS) this.#check();
    }
  }

  /** What holds at every commit. */
  #check(): void {
    this.#commitsChecked = this.#commits.ofWork;
    const books = this.#booksNow();
    for (const broken of checkAlways(books, this.#pieces)) this.#note(broken);
    for (const broken of this.#finalStates.look(books)) this.#note(broken);
    for (const broken of checkCounters(books, this.#redisModel)) this.#note(broken);
  }

  #checkEnd(): void {
    const upstreams = { processors: this.#processors, gateways: this.#gateways };
    for (const broken of checkAtEnd(this.#booksNow(), this.#model, upstreams, this.#random))
      this.#note(broken);
    for (const broken of checkCounters(this.#booksNow(), this.#redisModel, "all is fed")) this.#note(broken);
    for (const { name, earlyHealthCalls } of Object.values(this.#processors)) {
      if (earlyHealthCalls > 0 && this.#isHealthSpaced())
        this.#note(`R18 ${name} had ${earlyHealthCalls} early health calls`);
    }
  }

  /** Turns go by the wall clock, and what the network sends twice or keeps back is nobody's fault here. */
  #isHealthSpaced(): boolean {
    const { wallClockStep, duplicate, delay } = this.#course.strengths;
    return wallClockStep === 0 && duplicate === 0 && delay < 20;
  }

  /** Nothing waits any more, and Redis has everything. */
  #hasEnded(): boolean {
    const books = this.#booksNow();
    const open = books.count(
      "SELECT (SELECT count(*) FROM tasks) + (SELECT count(*) FROM reservations WHERE status IN (0, 1)) AS n",
    );
    return open === 0 && checkCounters(books, this.#redisModel, "all is fed").length === 0;
  }

  /** R3, at the moment at which it could be broken. */
  #judgeRecorded(id: string): void {
    // A purge forgets who was charged: what is accepted once more behind it is another payment.
    if ((this.#model.payments.get(id)?.askedAtMs ?? 0) <= this.#model.purgedAtMs) return;
    const { default: one, fallback: other } = this.#processors;
    if (one.recorded.has(id) && other.recorded.has(id))
      this.#note(`R3 payment ${id} was charged at both processors`);
  }

  #begin(name: string): void {
    this.#livesBegun++;
    this.#lives.set(name, new ReplicaProcess(this.#machine, this.#settingsOf(name)));
  }

  /** What starts a replica again after it has ended: systemd, Docker. */
  #startAgain({ settings: { replicaId: name } }: ReplicaProcess): void {
    this.#lives.delete(name);
    if (this.#goneForGood.has(name)) return;
    const awayMs = this.#isCalm ? 200 : drawLengthMs(this.#random, "killAtPoint", this.#course.stretch);
    this.world.plan(null, awayMs, `${name} is started again`, () => this.#begin(name));
  }

  #endOne(how: "kill" | "stop", spared?: SimulatedProcess): void {
    const lives = [...this.#lives.values()].filter(({ process }) => process.isAlive && process !== spared);
    if (lives.length === 0) return;
    const life = pick(this.#random, lives);
    if (how === "kill") life.process.kill();
    else life.stop();
  }

  /** Sometimes one replica does not come back: then the others have its work. */
  #chooseWhoStaysAway(): void {
    const names = [...this.#lives.keys()];
    if (names.length < 2 || this.#random() > 0.35) return;
    const name = pick(this.#random, names);
    this.#goneForGood.add(name);
    this.#lives.get(name)?.process.kill();
  }

  #lookForPurge(): void {
    if (this.#course.strengths.purge === 0 || this.world.nowMs < START_MS) return;
    const { ofWork } = this.#commits;
    if (ofWork === this.#purgeLookedForAt) return;
    this.#purgeLookedForAt = ofWork;
    const generation = this.#booksNow().count("SELECT purge_generation AS n FROM state");
    if (generation === this.#model.purgeGeneration) return;
    this.#model.purgeGeneration = generation;
    this.#model.purgedAtMs = this.world.nowMs;
  }

  #booksNow(): Books {
    this.#books ??= new Books(this.#databaseFile);
    return this.#books;
  }

  #settingsOf(replicaId: string): Settings {
    return settingsWith({
      replicaId,
      databaseFile: this.#databaseFile,
      redisUrl: "redis://simulated",
      orderDuplicateWindowSeconds: 1,
      ...this.#course.waits,
      shutdownSeconds: 3,
    });
  }

  #note(broken: string): void {
    this.#trace.note(this.world.nowMs, "BROKEN", broken);
    if (this.#broken.length < 20) this.#broken.push(broken);
  }

  #result(): SimulationResult {
    return {
      seed: this.#seed,
      virtualMs: this.world.nowMs,
      acknowledged: this.#model.acknowledged,
      settled: this.#processors.default.recorded.size + this.#processors.fallback.recorded.size,
      lives: this.#livesBegun,
      happenings: this.#booksNow().happenings(),
      traceHash: this.#trace.hash,
      steps: this.#trace.steps,
      course: this.#course,
      broken: this.#broken,
      trace: this.#trace.lines,
    };
  }
}
