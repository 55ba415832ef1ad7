import type { Redis } from "ioredis";
import type { Logger } from "../log/logger.ts";

/**
 * Connections to Redis that never make anybody wait: a command fails at once while there is no connection, and
 * after its time limit when no answer comes. Reconnecting goes on in the background for ever.
 */
export interface RedisConnectionOptions {
  readonly url: string;
  /** Shown by CLIENT LIST. */
  readonly name: string;
  /** After this a command has failed; whether Redis ran it is unknown then. */
  readonly commandTimeoutMs: number;
  readonly log: Logger;
}

const RETRY_FIRST_MS = 50;
const RETRY_MS_MAX = 1_000;
const CONNECT_TIMEOUT_MS = 1_000;

/** Opens a connection. ioredis is loaded here and not before, so a replica without Redis does not carry it. */
export async function connectRedis(options: RedisConnectionOptions): Promise<Redis> {
  const { Redis: RedisClient } = await import("ioredis");
  const redis = new RedisClient(options.url, {
    connectionName: options.name,
    commandTimeout: options.commandTimeoutMs,
    connectTimeout: CONNECT_TIMEOUT_MS,
    // Nothing waits for a connection, and nothing is sent twice: what must be repeated is repeated by us.
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    retryStrategy: (attempt) => Math.min(RETRY_FIRST_MS * attempt, RETRY_MS_MAX),
  });
  let wasAway = false;
  redis.on("error", (error) => {
    if (wasAway) return;
    wasAway = true;
    options.log.warn("Redis is away: answers come from the database until it is back", {
      connection: options.name,
      error,
    });
  });
  redis.on("ready", () => {
    if (wasAway) options.log.info("Redis is back", { connection: options.name });
    wasAway = false;
  });
  return redis;
}
