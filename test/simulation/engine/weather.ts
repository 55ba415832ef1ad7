import { existsSync, mkdirSync, renameSync, rmdirSync } from "node:fs";
import { between, pick } from "../seeded-random.ts";
import { drawLengthMs, type FaultName, type FaultStrengths, waitMs } from "./faults.ts";
import { type Gateways, GOOD_GATEWAYS } from "./other-upstreams.ts";
import { GOOD_MOOD, type PaymentProcessor, type ProcessorMood } from "./payment-processor.ts";
import { CALM_REDIS, type RedisLink } from "./redis-link.ts";
import { CALM_NETWORK, type Network } from "./simulated-http.ts";
import {
  NO_POINT_FAULTS,
  type SimulatedProcess,
  type SimulatedThread,
  type VirtualWorld,
} from "./virtual-world.ts";
import type { Workload } from "./workload.ts";

export interface WeatherParts {
  readonly world: VirtualWorld;
  readonly strengths: FaultStrengths;
  /** See course.ts. */
  readonly stretch: number;
  readonly network: Network;
  readonly redis: RedisLink;
  readonly processors: readonly PaymentProcessor[];
  readonly gateways: Gateways;
  readonly workload: Workload;
  readonly ringPaths: readonly string[];
  /** Ends a replica at rest: kill -9, or a clean stop. */
  readonly end: (how: "kill" | "stop", spared?: SimulatedProcess) => void;
}

/** By how much later than the others a thread of a process that is woken may get CPU time. */
const LATE_MS_MAX = 60;
/** A clean stop takes up to so long, until what it has is handed back. */
const HANDOVER_MS_MAX = 2_500;

/** Brings the faults of a run upon it, until `clear`. */
export class Weather {
  readonly #parts: WeatherParts;
  readonly #hidden = new Set<string>();
  #isClear = false;

  constructor(parts: WeatherParts) {
    this.#parts = parts;
  }

  begin(): void {
    const { end } = this.#parts;
    this.#beginAtPoints();
    this.#beginOnWires();
    this.#every("moodChange", () => this.#changeMood());
    this.#every("killAtRest", () => end("kill"));
    this.#every("stop", () => end("stop"));
    this.#every("wallClockStep", () => this.#setClock());
    this.#every("redisAway", () => this.#takeRedisAway());
    this.#every("ringInaccessible", () => this.#hideRing());
    this.#every("poison", () => this.#parts.workload.command("simulation.poison"));
    this.#every("purge", () => this.#parts.workload.command("payments.purge"));
  }

  /** From now on nothing goes wrong. */
  clear(): void {
    const { world, network, redis, processors, gateways } = this.#parts;
    this.#isClear = true;
    world.pointFaults = NO_POINT_FAULTS;
    network.faults = CALM_NETWORK;
    redis.faults = CALM_REDIS;
    redis.isAway = false;
    for (const processor of processors) processor.mood = GOOD_MOOD;
    gateways.mood = GOOD_GATEWAYS;
    for (const path of this.#hidden) this.#show(path);
  }

  /**
   * A dispatch thread has sealed an outcome that its store thread cannot see yet. Frozen here, it speaks up after others
   * have had its tasks, and, if who had them has handed them back meanwhile, after they have become its own again.
   */
  heard(thread: SimulatedThread): void {
    const { process } = thread;
    const { world, strengths, end } = this.#parts;
    const { freezeWithOutcome } = strengths;
    if (this.#isClear || freezeWithOutcome === 0 || world.random() >= freezeWithOutcome) return;
    if (!process.isAlive || process.frozenUntilMs > world.nowMs) return;
    const forMs = drawLengthMs(world.random, "freezeWithOutcome");
    process.frozenUntilMs = world.nowMs + forMs;
    thread.stoppedUntilMs = process.frozenUntilMs + between(world.random, 0, LATE_MS_MAX);
    world.trace.note(world.nowMs, thread.name, `frozen with an outcome for ${forMs.toFixed(1)} ms`);
    if (world.random() < 0.5) return;
    const stopMs = forMs - between(world.random, 0, HANDOVER_MS_MAX);
    world.plan(null, stopMs, "fault: who has its tasks stops", () => {
      if (!this.#isClear) end("stop", process);
    });
  }

  #beginAtPoints(): void {
    const { world, strengths, stretch } = this.#parts;
    const { killAtPoint, stopAtPoint, freezeAtPoint } = strengths;
    const stopShare = stopAtPoint + freezeAtPoint;
    const isFreeze = () => world.random() * stopShare < freezeAtPoint;
    world.pointFaults = {
      killShare: killAtPoint,
      stopShare,
      drawStop: () => {
        const freezes = isFreeze();
        const name = freezes ? "freezeAtPoint" : "stopAtPoint";
        return { freezes, forMs: drawLengthMs(world.random, name, stretch) };
      },
    };
  }

  #beginOnWires(): void {
    const { world, strengths, network, redis } = this.#parts;
    const { refused, lostRequest, lostAnswer, reset, duplicate, delay, redisLoss } = strengths;
    const delayMs = () => 0.3 + waitMs(world.random, delay);
    network.faults = {
      refusedShare: refused,
      lostRequestShare: lostRequest,
      lostAnswerShare: lostAnswer,
      resetShare: reset,
      duplicateShare: duplicate,
      delayMs,
    };
    redis.faults = {
      lostCommandShare: redisLoss,
      lostAnswerShare: redisLoss,
      duplicateShare: redisLoss,
      delayMs: () => 0.1 + waitMs(world.random, Math.min(delay, 20)),
    };
  }

  #every(name: FaultName, act: () => void): void {
    const { world, strengths } = this.#parts;
    const meanMs = strengths[name];
    if (meanMs === 0) return;
    world.plan(null, waitMs(world.random, meanMs), `fault: ${name}`, () => {
      if (this.#isClear) return;
      act();
      this.#every(name, act);
    });
  }

  #changeMood(): void {
    const { world, processors, gateways, strengths } = this.#parts;
    const processor = pick(world.random, processors);
    processor.mood = this.#drawMood();
    const { delayMs } = this.#drawMood();
    gateways.mood = {
      // A call that arrives is served or refused before its caller gives up: see the table of what is assumed.
      delayMs: Math.min(delayMs, 400),
      proxyErrorShare: strengths.lyingUpstream,
      refuseShare: strengths.refusingUpstream,
    };
  }

  #drawMood(): ProcessorMood {
    const { world, strengths } = this.#parts;
    const { random } = world;
    const { slowUpstream, failingUpstream, lyingUpstream, refusingUpstream, misconfiguredUpstream } =
      strengths;
    const isSlow = random() < slowUpstream;
    return {
      delayMs: isSlow ? drawLengthMs(random, "slowUpstream") : between(random, 1, 100),
      isFailing: random() < failingUpstream,
      databaseErrorShare: lyingUpstream / 2,
      garbageShare: lyingUpstream / 2,
      refuseShare: refusingUpstream,
      misconfiguredShare: misconfiguredUpstream,
    };
  }

  #setClock(): void {
    const { world } = this.#parts;
    // The error itself stays within the range, however often the clock is set.
    world.wallErrorMs = Math.round(drawLengthMs(world.random, "wallClockStep"));
  }

  #takeRedisAway(): void {
    const { world, redis, stretch } = this.#parts;
    redis.isAway = true;
    world.plan(null, drawLengthMs(world.random, "redisAway", stretch), "Redis is back", () => {
      if (world.random() < 0.5) redis.model.empty();
      redis.isAway = false;
    });
  }

  #hideRing(): void {
    const { world, ringPaths, stretch } = this.#parts;
    const path = pick(world.random, ringPaths);
    if (this.#hidden.has(path) || !existsSync(path)) return;
    // A directory in its place: to be opened, but not to be read. Who has it mapped keeps it.
    renameSync(path, `${path}.hidden`);
    mkdirSync(path);
    this.#hidden.add(path);
    world.plan(null, drawLengthMs(world.random, "ringInaccessible", stretch), "a ring is back", () =>
      this.#show(path),
    );
  }

  #show(path: string): void {
    if (!this.#hidden.delete(path)) return;
    rmdirSync(path);
    renameSync(`${path}.hidden`, path);
  }
}
