import { Database } from "bun:sqlite";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { TOPICS } from "../../src/modules/topics/topics.ts";
import type { LoadFigures } from "./load.ts";

const MEGABYTE = 2 ** 20;
const TICKS_PER_SECOND = 100;

/** What one look found; sizes in MB of 2^20 bytes. */
export interface Sample {
  readonly minutes: number;
  readonly residentMegabytes: number;
  /** The part of it that is no file's. */
  readonly ownMegabytes: number;
  /** What the control group counts, file pages read and written included; null without one. */
  readonly chargedMegabytes: number | null;
  readonly cpuSeconds: number;
  readonly perSecond: number;
  readonly inFlight: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly queueDepth: number;
  readonly databaseMegabytes: number;
  readonly walMegabytes: number;
  readonly logMegabytes: number;
  readonly rows: BoundedRows;
}

/** Rows of what is forgotten after a while. */
export interface BoundedRows {
  readonly idempotencyRecords: number;
  /** Messages of the topics but dead letters, which are kept. */
  readonly topicMessages: number;
  readonly tasks: number;
  readonly counterOutbox: number;
}

/** Looks at a running replica from outside: the kernel's figures, its files, its metrics page. */
export class Sampler {
  readonly #pid: number;
  readonly #url: string;
  readonly #dataDir: string;
  readonly #database: Database;
  readonly #startedAt = performance.now();
  #lookedAt = performance.now();

  constructor(subject: { readonly pid: number; readonly url: string; readonly dataDir: string }) {
    this.#pid = subject.pid;
    this.#url = subject.url;
    this.#dataDir = subject.dataDir;
    this.#database = new Database(join(subject.dataDir, "catraca.db"), { readonly: true });
    this.#database.run("PRAGMA busy_timeout = 1000");
  }

  async look(load: LoadFigures): Promise<Sample> {
    const now = performance.now();
    const seconds = (now - this.#lookedAt) / 1000;
    this.#lookedAt = now;
    const sorted = Float64Array.from(load.durationsMs).sort();
    const percentile = (share: number) => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
    return {
      minutes: (now - this.#startedAt) / 60_000,
      ...residentOf(this.#pid),
      chargedMegabytes: chargedMegabytes(this.#pid),
      cpuSeconds: cpuSecondsOf(this.#pid),
      perSecond: load.sent / seconds,
      inFlight: load.inFlight,
      p50Ms: percentile(0.5),
      p99Ms: percentile(0.99),
      queueDepth: await this.#queueDepth(),
      ...this.#fileSizes(),
      rows: this.#countRows(),
    };
  }

  close(): void {
    this.#database.close();
  }

  async #queueDepth(): Promise<number> {
    const text = await (await fetch(`${this.#url}/metrics`)).text();
    return Number(/^catraca_queue_depth (\S+)/m.exec(text)?.[1] ?? Number.NaN);
  }

  #fileSizes() {
    const sizeOf = (name: string) =>
      (statSync(join(this.#dataDir, name), { throwIfNoEntry: false })?.size ?? 0) / MEGABYTE;
    const logs = readdirSync(this.#dataDir).filter((name) => name.endsWith(".ring"));
    return {
      databaseMegabytes: sizeOf("catraca.db"),
      walMegabytes: sizeOf("catraca.db-wal"),
      logMegabytes: logs.reduce((sum, name) => sum + sizeOf(name), 0),
    };
  }

  #countRows(): BoundedRows {
    const count = (sql: string) => this.#database.query<{ rows: number }, []>(sql).get()?.rows ?? 0;
    return {
      idempotencyRecords: count("SELECT count(*) AS rows FROM idempotency_records"),
      topicMessages: count(
        `SELECT count(*) AS rows FROM topic_messages WHERE topic <> ${TOPICS.payment_dlq.number}`,
      ),
      tasks: count("SELECT count(*) AS rows FROM tasks"),
      counterOutbox: count("SELECT count(*) AS rows FROM payment_counter_outbox"),
    };
  }
}

/** CPU seconds of a process so far, all threads. */
export function cpuSecondsOf(pid: number): number {
  const fields = read(`/proc/${pid}/stat`).split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / TICKS_PER_SECOND;
}

/** Times that the kernel killed something in a control group; `groups` as /proc/PID/cgroup named them. */
export function memoryKillsOf(groups: string): number {
  return Number(/^oom_kill (\d+)/m.exec(readGroup(groups, "memory.oom_control", "memory.events"))?.[1] ?? 0);
}

/** The control groups of a process, by which they are found after its end, too. */
export function controlGroupsOf(pid: number): string {
  return read(`/proc/${pid}/cgroup`);
}

function residentOf(pid: number) {
  const status = read(`/proc/${pid}/status`);
  const megabytes = (field: string) =>
    Number(new RegExp(`^${field}:\\s+(\\d+)`, "m").exec(status)?.[1] ?? 0) / 1024;
  return {
    residentMegabytes: megabytes("VmRSS"),
    ownMegabytes: megabytes("RssAnon") + megabytes("RssShmem"),
  };
}

function chargedMegabytes(pid: number): number | null {
  const bytes = Number(readGroup(controlGroupsOf(pid), "memory.usage_in_bytes", "memory.current"));
  return bytes > 0 ? bytes / MEGABYTE : null;
}

function readGroup(groups: string, version1File: string, unifiedFile: string): string {
  const version1 = /^\d+:memory:(\/.+)$/m.exec(groups)?.[1];
  if (version1 !== undefined) return read(`/sys/fs/cgroup/memory${version1}/${version1File}`);
  const unified = /^0::(\/.+)$/m.exec(groups)?.[1];
  return unified === undefined ? "" : read(`/sys/fs/cgroup${unified}/${unifiedFile}`);
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
