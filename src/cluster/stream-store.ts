import type { Redis } from "ioredis";
import { formatTimestamp } from "../domain/timestamp.ts";
import { RedisScript } from "./redis-script.ts";
import type { TopicMessage } from "./topic-feed.ts";

/**
 * The streams in Redis, and what they have.
 *
 *   <topic>                        stream: partition, offset, key, value, headers, time, as GET /topics/… shows them
 *   catraca:<databaseId>:streams   hash: "<topic>:<partition>" → cursor, "<offset> <ms>"
 *
 * The cursor is in the same Redis and moves in the same step as the stream, so the two agree whatever happens: a
 * Redis that was emptied or set back to an older state says itself from where it needs the messages. The cursor
 * is the offset that comes next, and the time of the message before, by which a database that was restored from
 * a backup is told from the one that was published.
 */
export interface StreamCursor {
  readonly nextOffset: number;
  /** Of the message before `nextOffset`, ms since the epoch. */
  readonly lastAtMs: number;
}

/**
 * Appends messages behind the cursor that the caller knows, or does nothing. Answers the cursor that holds then.
 * ARGV: stream, field, known cursor, entries kept, partition, new cursor, then offset, key, value, headers, time, …
 * No cursor is "".
 */
const APPEND = `
local cursor = redis.call('HGET', KEYS[1], ARGV[2]) or ''
if cursor ~= ARGV[3] then return cursor end
for i = 7, #ARGV, 5 do
  redis.call('XADD', ARGV[1], 'MAXLEN', '~', ARGV[4], '*', 'partition', ARGV[5], 'offset', ARGV[i],
    'key', ARGV[i + 1], 'value', ARGV[i + 2], 'headers', ARGV[i + 3], 'time', ARGV[i + 4])
end
redis.call('HSET', KEYS[1], ARGV[2], ARGV[6])
return ARGV[6]
`;

const append = new RedisScript(APPEND);

/** Every method rejects when Redis is away or too slow: whether the step was taken is unknown then. */
export class StreamStore {
  readonly #redis: Redis;
  readonly #key: string;
  readonly #entriesMax: number;

  /** @param entriesMax about so many entries are kept per stream */
  constructor(redis: Redis, databaseId: string, entriesMax: number) {
    this.#redis = redis;
    this.#key = `catraca:${databaseId}:streams`;
    this.#entriesMax = entriesMax;
  }

  /** What the streams have, by "<topic>:<partition>". */
  async cursors(): Promise<Map<string, StreamCursor>> {
    const fields = Object.entries(await this.#redis.hgetall(this.#key));
    return new Map(
      fields.flatMap(([field, text]) => {
        // Anything else was not written here.
        const [, nextOffset, lastAtMs] = /^(\d{1,15}) (\d{1,15})$/.exec(text) ?? [];
        if (nextOffset === undefined || lastAtMs === undefined) return [];
        return [[field, { nextOffset: Number(nextOffset), lastAtMs: Number(lastAtMs) }]];
      }),
    );
  }

  /**
   * Appends messages of one partition, in one step.
   * @param known what the caller believes the stream has
   * @returns the new cursor; null if the stream has something else, and nothing was appended
   */
  async append(
    topic: string,
    partition: number,
    known: StreamCursor | null,
    messages: readonly TopicMessage[],
  ): Promise<StreamCursor | null> {
    const last = messages.at(-1);
    if (last === undefined) return known;
    const cursor = { nextOffset: last.offset + 1, lastAtMs: last.atMs };
    const entries = messages.flatMap(({ offset, key, value, headers, atMs }) => [
      offset,
      key,
      value,
      headers,
      formatTimestamp(atMs),
    ]);
    const place = [topic, fieldOf(topic, partition), textOf(known), this.#entriesMax, partition];
    const answer = await append.run(this.#redis, this.#key, [...place, textOf(cursor), ...entries]);
    return answer === textOf(cursor) ? cursor : null;
  }

  /** Takes the cursor away, if it is still that one: the partition is published anew. */
  async forget(topic: string, partition: number, known: StreamCursor): Promise<void> {
    const place = [topic, fieldOf(topic, partition), textOf(known), this.#entriesMax, partition];
    await append.run(this.#redis, this.#key, [...place, ""]);
  }
}

/** The name of a partition's cursor. */
export function fieldOf(topic: string, partition: number): string {
  return `${topic}:${partition}`;
}

function textOf(cursor: StreamCursor | null): string {
  return cursor === null ? "" : `${cursor.nextOffset} ${cursor.lastAtMs}`;
}
