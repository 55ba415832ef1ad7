import type { Redis } from "ioredis";
import type { RedisModel } from "./redis-model.ts";
import type { SimulatedThread, VirtualWorld } from "./virtual-world.ts";

/** Shares are per command; see the table in faults.ts. */
export interface RedisFaults {
  readonly lostCommandShare: number;
  readonly lostAnswerShare: number;
  readonly duplicateShare: number;
  readonly delayMs: () => number;
}

export const CALM_REDIS: RedisFaults = {
  lostCommandShare: 0,
  lostAnswerShare: 0,
  duplicateShare: 0,
  delayMs: () => 0.3,
};

/** As in src/cluster/cluster.ts: after it a command has failed, and whether it was run is unknown. */
const COMMAND_TIMEOUT_MS = 1_000;

/** The Redis of a run, and the connections to it. */
export class RedisLink {
  faults = CALM_REDIS;
  isAway = false;
  readonly model: RedisModel;
  readonly #world: VirtualWorld;

  constructor(world: VirtualWorld, model: RedisModel) {
    this.#world = world;
    this.model = model;
  }

  /** The commands that src/cluster/counter-store.ts uses, over a connection of `thread`. */
  connect(thread: SimulatedThread): Redis {
    const { model } = this;
    const send = <Value>(run: () => Value) => this.#send(thread, run);
    const connection = {
      // It keeps no script: each is sent as a whole, as after a restart.
      evalsha: () => Promise.reject(new Error("NOSCRIPT No matching script.")),
      eval: (lua: string, _keys: number, key: string, ...args: (string | number)[]) =>
        send(() => model.run(lua, key, args)),
      hmget: (key: string, ...fields: string[]) => send(() => model.hmget(key, ...fields)),
      zadd: (key: string, score: number, member: string) => send(() => model.zadd(key, score, member)),
      pipeline: () => pipelineOf(model, send),
      once: () => {},
      off: () => {},
    };
    // No other command is used by the counters.
    return connection as unknown as Redis;
  }

  #send<Value>(thread: SimulatedThread, run: () => Value): Promise<Value> {
    const world = this.#world;
    const { lostCommandShare, lostAnswerShare, duplicateShare, delayMs } = this.faults;
    const { promise, resolve, reject } = Promise.withResolvers<Value>();
    const timeout = world.plan(thread, COMMAND_TIMEOUT_MS, "Redis does not answer", () =>
      reject(new Error("Command timed out")),
    );
    const isLost = this.isAway || world.random() < lostCommandShare;
    const isAnswerLost = world.random() < lostAnswerShare;
    const isDuplicated = world.random() < duplicateShare;
    if (isLost) return promise;
    world.plan(null, delayMs(), "Redis runs a command", () => {
      if (this.isAway) return;
      const value = run();
      if (isDuplicated) run();
      if (isAnswerLost) return;
      world.plan(thread, delayMs(), "Redis answers", () => {
        timeout.cancel();
        resolve(value);
      });
    });
    return promise;
  }
}

/** Commands that are sent together: no other command is run between them here, which is the kinder order. */
function pipelineOf(model: RedisModel, send: (run: () => unknown) => Promise<unknown>) {
  const commands: (() => void)[] = [];
  const pipeline = {
    hset: (key: string, field: string, value: string) => commands.push(() => model.hset(key, field, value)),
    zadd: (key: string, score: number, member: string) => commands.push(() => model.zadd(key, score, member)),
    exec: () =>
      send(() => {
        for (const command of commands) command();
        return commands.map(() => [null, "OK"]);
      }),
  };
  return pipeline;
}
