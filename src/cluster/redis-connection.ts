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
  await containReplies();
  const redis = new RedisClient(options.url, {
    connectionName: options.name,
    commandTimeout: options.commandTimeoutMs,
    connectTimeout: CONNECT_TIMEOUT_MS,
    // Nothing waits for a connection, and nothing is sent twice: what must be repeated is repeated by us.
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    // Whoever subscribes does so at every "ready": ioredis would leave its own attempt's failure to nobody, and an
    // unhandled rejection ends the process.
    autoResubscribe: false,
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

/** What is used here of the class that takes replies apart; its type declares both methods private. */
interface ReplyHandler {
  dispatch(take: () => void): void;
  returnFatalError(error: unknown): void;
}

/**
 * ioredis takes replies for what they should be, and throws what a malformed one makes of it (`[]` in place of a
 * message) at the whole process, which then ends. Here it costs the connection, which is made anew.
 */
async function containReplies(): Promise<void> {
  const { default: imported } = await import("ioredis/built/DataHandler.js");
  // A CommonJS module with a `default` of its own: here that is the class, in the compiled file it is the module.
  const { prototype } = "default" in imported ? (imported.default as typeof imported) : imported;
  // Both methods are there since 6.0.0, the version that is pinned; a test sends malformed replies.
  const handler = prototype as unknown as ReplyHandler;
  handler.dispatch = function (this: ReplyHandler, take) {
    try {
      take();
    } catch (error) {
      this.returnFatalError(error);
    }
  };
}
