import { ACTIVATE, APPLY, QUERY, SWEEP, TRIM } from "../../../src/cluster/counter-scripts.ts";
import { ROLLUP_LEVELS } from "../../../src/domain/rollup.ts";

/**
 * What Redis keeps, and the counters' Lua scripts as rules over it. There is no Lua here: each rule is written
 * again, line by line after src/cluster/counter-scripts.ts. That the scripts themselves do the same is shown with a
 * real Redis in test/cluster/counters.test.ts.
 */
type Arguments = readonly string[];
const TOP_LEVEL = ROLLUP_LEVELS - 1;
const NOBODY = "(nil)";

export class RedisModel {
  /** A defect: numbers are not looked at, as if a delta might be added whenever it comes. */
  ignoresNumbers = false;
  readonly #hashes = new Map<string, Map<string, string>>();
  readonly #sortedSets = new Map<string, Map<string, number>>();
  readonly #rules = new Map<string, (key: string, args: Arguments) => unknown>([
    [QUERY, (key, args) => this.#query(key, args)],
    [APPLY, (key, args) => this.#apply(key, args)],
    [TRIM, (key, args) => this.#trim(key, args)],
    [ACTIVATE, (key, args) => this.#activate(key, args)],
    [SWEEP, (key, args) => this.#sweep(key, args)],
  ]);

  run(lua: string, key: string, args: readonly (string | number)[]): unknown {
    const rule = this.#rules.get(lua);
    if (rule === undefined) throw new Error("a script that the model does not know");
    return rule(key, args.map(String));
  }

  /** FLUSHALL, or a restart without its file. */
  empty(): void {
    this.#hashes.clear();
    this.#sortedSets.clear();
  }

  hset(key: string, field: string, value: string): void {
    let hash = this.#hashes.get(key);
    if (hash === undefined) {
      hash = new Map();
      this.#hashes.set(key, hash);
    }
    hash.set(field, value);
  }

  hmget(key: string, ...fields: string[]): (string | null)[] {
    return fields.map((field) => this.#hashes.get(key)?.get(field) ?? null);
  }

  zadd(key: string, score: number, member: string): void {
    let members = this.#sortedSets.get(key);
    if (members === undefined) {
      members = new Map();
      this.#sortedSets.set(key, members);
    }
    members.set(member, score);
  }

  #query(key: string, args: Arguments): string[] {
    const [epoch, build, applied] = this.hmget(key, "epoch", "build", "applied");
    if (epoch == null) return [];
    const sums = [0, 0, 0, 0];
    const missing: string[] = [];
    for (let at = 0; at < args.length; at += 3) {
      const [level = 0, from = 0, last = 0] = args.slice(at, at + 3).map(Number);
      const floor = this.#floorOf(key, level);
      let first = from;
      if (first < floor) {
        missing.push(String(level), String(first), String(Math.min(last, floor - 1)));
        first = floor;
      }
      for (const [bucket, values] of this.#bucketsOf(`${key}:${build}:`, level)) {
        if (bucket < first || bucket > last) continue;
        for (const [index, value] of values.entries()) sums[index] = (sums[index] ?? 0) + value;
      }
    }
    return [epoch, applied ?? "0", ...sums.map(String), ...missing];
  }

  #apply(key: string, args: Arguments): string[] {
    const [epoch, build, applied] = this.hmget(key, "epoch", "build", "applied");
    const [wantedEpoch, firstSeq, lastSeq = "0"] = args;
    if (epoch !== wantedEpoch) return ["epoch"];
    if (Number(applied) + 1 !== Number(firstSeq) && !this.ignoresNumbers) return ["applied", applied ?? "0"];
    const base = `${key}:${build}:`;
    for (let at = 3; at < args.length; at += 6) {
      const [level = 0, bucket = 0, ...sums] = args.slice(at, at + 6).map(Number);
      if (bucket < this.#floorOf(key, level)) continue;
      const { chunk, field } = placeOf(level, bucket);
      const name = `${base}${level}:${chunk}`;
      const known = this.hmget(name, field)[0];
      if (known === null) this.zadd(`${base}index:${level}`, chunk, String(chunk));
      const before = known == null ? [0, 0, 0, 0] : known.split(" ").map(Number);
      this.hset(name, field, sums.map((sum, index) => sum + (before[index] ?? 0)).join(" "));
    }
    this.hset(key, "applied", lastSeq);
    return ["applied", lastSeq];
  }

  #trim(key: string, args: Arguments): number {
    const [epoch, build] = this.hmget(key, "epoch", "build");
    const [wantedEpoch, ...floors] = args;
    if (epoch !== wantedEpoch) return 0;
    let deleted = 0;
    for (let level = 0; level < TOP_LEVEL; level++) {
      const floor = Number(floors[level]);
      if (floor > this.#floorOf(key, level)) this.hset(key, `floor${level}`, String(floor));
      const index = `${key}:${build}:index:${level}`;
      const below = [...(this.#sortedSets.get(index) ?? [])].filter(([, score]) => score < floor / 64);
      for (const [chunk] of below.sort((one, other) => one[1] - other[1]).slice(0, 100)) {
        this.#hashes.delete(`${key}:${build}:${level}:${chunk}`);
        this.#sortedSets.get(index)?.delete(chunk);
        deleted++;
      }
    }
    return deleted;
  }

  #activate(key: string, args: Arguments): number {
    const [epoch, build, applied] = this.hmget(key, "epoch", "build", "applied");
    const [newEpoch = NOBODY, newBuild = NOBODY, newApplied = "0", ...floors] = args;
    if (build === newBuild) return 1;
    const isNewer = epoch !== newEpoch || Number(applied) < Number(newApplied);
    if (!isNewer || !this.#sortedSets.get(`${key}:builds`)?.has(newBuild)) {
      this.#discard(key, newBuild);
      return 0;
    }
    if (build != null) this.#discard(key, build);
    this.#sortedSets.get(`${key}:builds`)?.delete(newBuild);
    this.hset(key, "epoch", newEpoch);
    this.hset(key, "build", newBuild);
    this.hset(key, "applied", newApplied);
    for (let level = 0; level <= TOP_LEVEL; level++) this.hset(key, `floor${level}`, floors[level] ?? "0");
    return 1;
  }

  #sweep(key: string, [beforeMs]: Arguments): number {
    const current = this.hmget(key, "build")[0];
    for (const [build, beganMs] of [...(this.#sortedSets.get(`${key}:builds`) ?? [])]) {
      if (beganMs <= Number(beforeMs) && build !== current) this.#discard(key, build);
    }
    return 1;
  }

  #discard(key: string, build: string): void {
    const base = `${key}:${build}:`;
    for (const name of [...this.#hashes.keys()]) if (name.startsWith(base)) this.#hashes.delete(name);
    for (const name of [...this.#sortedSets.keys()]) if (name.startsWith(base)) this.#sortedSets.delete(name);
    this.#sortedSets.get(`${key}:builds`)?.delete(build);
  }

  #floorOf(key: string, level: number): number {
    return Number(this.hmget(key, `floor${level}`)[0]);
  }

  *#bucketsOf(base: string, level: number): Iterable<[number, number[]]> {
    const prefix = `${base}${level}:`;
    for (const [name, fields] of this.#hashes) {
      if (!name.startsWith(prefix)) continue;
      const start = level === TOP_LEVEL ? 0 : Number(name.slice(prefix.length)) * 64;
      for (const [field, value] of fields) yield [start + Number(field), value.split(" ").map(Number)];
    }
  }
}

function placeOf(level: number, bucket: number): { chunk: number; field: string } {
  if (level === TOP_LEVEL) return { chunk: 0, field: String(bucket) };
  const chunk = Math.floor(bucket / 64);
  return { chunk, field: String(bucket - chunk * 64) };
}
