import { Redis } from "ioredis";

/** An entry as a consumer gets it. */
export interface StreamEntry {
  readonly stream: string;
  readonly partition: number;
  readonly offset: number;
  readonly key: string;
  readonly value: unknown;
  readonly headers: unknown;
  readonly time: string;
}

const GROUP = "followers";
const BLOCK_MS = 50;

/**
 * A consumer outside, as somebody would write it: reads with a group, acknowledges, and makes the group anew, from
 * the stream's beginning, when Redis has lost it.
 */
export class StreamConsumer {
  /** What was read, one list for each life of the group: a new one begins when Redis has lost it. */
  readonly lives: StreamEntry[][] = [[]];
  readonly #redis: Redis;
  readonly #streams: readonly string[];
  readonly #ended: Promise<void>;
  #isRunning = true;

  constructor(url: string, streams: readonly string[]) {
    this.#redis = new Redis(url, { retryStrategy: () => 50, maxRetriesPerRequest: 0 });
    // It is away for a while, as the test wants it; the loop tries again.
    this.#redis.on("error", () => {});
    this.#streams = streams;
    this.#ended = this.#run();
  }

  /** Everything, over all lives. */
  get entries(): StreamEntry[] {
    return this.lives.flat();
  }

  async stop(): Promise<void> {
    this.#isRunning = false;
    await this.#ended;
    this.#redis.disconnect();
  }

  async #run(): Promise<void> {
    while (this.#isRunning) {
      try {
        await this.#read();
      } catch (error) {
        if (String(error).includes("NOGROUP")) await this.#begin().catch(() => {});
        else await Bun.sleep(20);
      }
    }
  }

  async #begin(): Promise<void> {
    for (const stream of this.#streams) {
      await this.#redis.xgroup("CREATE", stream, GROUP, "0", "MKSTREAM").catch((error: unknown) => {
        if (!String(error).includes("BUSYGROUP")) throw error;
      });
    }
    if (this.lives.at(-1)?.length !== 0) this.lives.push([]);
  }

  async #read(): Promise<void> {
    const news = this.#streams.map(() => ">");
    const answer = await this.#redis.xreadgroup(
      "GROUP",
      GROUP,
      "one",
      "COUNT",
      200,
      "BLOCK",
      BLOCK_MS,
      "STREAMS",
      ...this.#streams,
      ...news,
    );
    // The shape of XREADGROUP's answer.
    for (const [stream, entries] of (answer ?? []) as [string, [string, string[]][]][]) {
      for (const [id, fields] of entries) {
        this.lives.at(-1)?.push(entryOf(stream, fields));
        await this.#redis.xack(stream, GROUP, id);
      }
    }
  }
}

function entryOf(stream: string, fields: readonly string[]): StreamEntry {
  const at = (name: string) => fields[fields.indexOf(name) + 1] ?? "";
  return {
    stream,
    partition: Number(at("partition")),
    offset: Number(at("offset")),
    key: at("key"),
    value: JSON.parse(at("value")),
    headers: JSON.parse(at("headers")),
    time: at("time"),
  };
}
