import type { Redis } from "ioredis";

/** A Lua script that Redis keeps: sent once, then called by its hash. */
export class RedisScript {
  readonly #lua: string;
  readonly #sha: string;

  constructor(lua: string) {
    this.#lua = lua;
    this.#sha = new Bun.CryptoHasher("sha1").update(lua).digest("hex");
  }

  /** Runs it. Rejects when Redis is away or too slow: whether it has run is unknown then. */
  async run(redis: Redis, key: string, args: readonly (string | number)[]): Promise<unknown> {
    try {
      return await redis.evalsha(this.#sha, 1, key, ...args);
    } catch (error) {
      // A Redis that was restarted or flushed does not know it: certainly not run.
      if (!(error instanceof Error) || !error.message.startsWith("NOSCRIPT")) throw error;
      return await redis.eval(this.#lua, 1, key, ...args);
    }
  }
}
