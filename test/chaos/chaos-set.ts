import { copyFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { RedisServer } from "../cluster/redis.ts";
import { emptyDirectory } from "../e2e/program.ts";
import { Balancer } from "./balancer.ts";
import { ClockShift } from "./clock-shift.ts";
import { Storage } from "./storage.ts";
import { SupervisedReplica } from "./supervised-replica.ts";
import { Upstreams } from "./upstreams.ts";

/** Slow machines start everything at once. */
const READY_TIMEOUT_MS = 60_000;

/** The built-in bank, for whoever wants to know what it will say (simulator/bank.ts). */
export const BANK = { delayMinMs: 200, delayMaxMs: 2_500, approvalRate: 0.8 };

/** Times that fit into a minute; everything else is as installed. */
const SETTINGS = {
  PROCESSOR_TIMEOUT_SECONDS: "2",
  MAX_HOLD_SECONDS: "5",
  PAYMENTS_TIMEOUT_SECONDS: "1.5",
  ORDER_RETRY_BASE_SECONDS: "0.2",
  RESERVATION_TTL_SECONDS: "6",
  GATEWAY_TIMEOUT_SECONDS: "0.5",
  GATEWAY_MAX_ATTEMPTS: "4",
  GATEWAY_BACKOFF_BASE_SECONDS: "0.2",
  GATEWAY_BACKOFF_MAX_SECONDS: "2",
  GATEWAY_BACKOFF_JITTER_SECONDS: "0.1",
  BANK_DELAY_MIN_SECONDS: String(BANK.delayMinMs / 1000),
  BANK_DELAY_MAX_SECONDS: String(BANK.delayMaxMs / 1000),
  BANK_APPROVAL_RATE: String(BANK.approvalRate),
  LONG_POLL_SECONDS: "2",
};

/** Three replicas on one data directory behind nginx, Redis, and everything they call: each a process of its own. */
export class ChaosSet {
  readonly directory: string;
  readonly storage: Storage;
  readonly redis: RedisServer;
  readonly upstreams: Upstreams;
  readonly replicas: readonly SupervisedReplica[];
  /** Null where the replicas' clock cannot be set. */
  readonly clock: ClockShift | null;
  /** What of the fault table cannot be done on this machine, and why. */
  readonly notTested: readonly string[];
  #balancer: Balancer | null = null;

  private constructor(directory: string, minutes: number, redis: RedisServer, upstreams: Upstreams) {
    this.directory = directory;
    this.redis = redis;
    this.upstreams = upstreams;
    this.storage = Storage.create(directory, minutes);
    const clock = ClockShift.create(directory);
    this.clock = clock instanceof ClockShift ? clock : null;
    this.notTested = [
      ...(this.storage.notTested === null ? [] : [`full disk: ${this.storage.notTested}`]),
      ...("notTested" in clock ? [`clock steps: ${clock.notTested}`] : []),
    ];
    this.replicas = ["r1", "r2", "r3"].map((name, index) => this.#replica(name, index + 1));
  }

  /** @param seed of whatever the upstreams draw */
  static async start(seed: number, minutes: number): Promise<ChaosSet> {
    const directory = await emptyDirectory();
    const [redis, upstreams] = await Promise.all([RedisServer.start(), Upstreams.start(seed)]);
    const set = new ChaosSet(directory, minutes, redis, upstreams);
    for (const replica of set.replicas) replica.start();
    await Promise.all(set.replicas.map((replica) => replica.ready(READY_TIMEOUT_MS)));
    set.#balancer = await Balancer.start(directory, READY_TIMEOUT_MS);
    return set;
  }

  get balancer(): Balancer {
    if (this.#balancer === null) throw new Error("the set has not been started");
    return this.#balancer;
  }

  get databaseFile(): string {
    return join(this.storage.directory, "catraca.db");
  }

  /** The replica with this name. */
  replica(name: string): SupervisedReplica {
    const found = this.replicas.find((replica) => replica.name === name);
    if (found === undefined) throw new Error(`there is no replica ${name}`);
    return found;
  }

  /** Ends the replicas in order. @returns how each ended */
  async stopReplicas() {
    return Promise.all(
      this.replicas.map(async (replica) => ({ replica, exit: await replica.end("SIGTERM") })),
    );
  }

  /** Writes what the replicas and nginx have logged into `directory`. */
  saveLogs(directory: string): void {
    mkdirSync(directory, { recursive: true });
    for (const { name, logs } of this.replicas) writeFileSync(join(directory, `${name}.log`), logs);
    const nginx = join(this.directory, "nginx.log");
    if (existsSync(nginx)) copyFileSync(nginx, join(directory, "nginx.log"));
  }

  /** Ends the rest; what was started through `startProgram` and Redis ends with those fixtures. */
  async close(): Promise<void> {
    await Promise.all(this.replicas.map((replica) => replica.end("SIGKILL")));
    await this.#balancer?.stop();
    await this.upstreams.paymentGateway.stop();
    this.clock?.close();
    this.storage.close();
  }

  #replica(name: string, number: number): SupervisedReplica {
    const home = join(this.directory, name);
    mkdirSync(home);
    // The name that nginx.conf has for it.
    const socket = join(this.directory, `catraca${number}.sock`);
    const env = {
      ...SETTINGS,
      ...this.upstreams.env,
      ...this.clock?.env,
      REPLICA_ID: name,
      SOCKET: socket,
      DATA_DIR: this.storage.directory,
      REDIS_URL: this.redis.url,
    };
    return new SupervisedReplica({ name, socket, directory: home, env });
  }
}
