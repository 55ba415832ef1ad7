import { describe, expect, test } from "bun:test";
import { MEMORY_PARTS, readMemoryMap, sumMappings } from "./memory-map.ts";

const mapping = (head: string, rss: number, pss: number, anonymous: number) =>
  `${head}\nSize: 99999 kB\nRss: ${rss} kB\nPss: ${pss} kB\nAnonymous: ${anonymous} kB\nVmFlags: rd ex\n`;

const SMAPS = [
  mapping("00200000-03000000 r-xp 00000000 08:01 1      /opt/catraca", 20480, 10240, 0),
  mapping("03000000-04000000 r--p 00000000 08:01 1      /opt/catraca", 2048, 2048, 0),
  mapping("04000000-05000000 rw-p 00000000 08:01 1      /opt/catraca", 1024, 1024, 1024),
  mapping("7f0000000000-7f0001000000 rw-p 00000000 00:00 0 ", 30720, 30720, 30720),
  mapping("7f0002000000-7f0003000000 rwxp 00000000 00:00 0 ", 1024, 1024, 1024),
  mapping("7f0004000000-7f0005000000 rw-s 00000000 08:01 2 /data dir/bench.ring", 1024, 1024, 0),
  mapping("7f0005000000-7f0005008000 rw-s 00000000 08:01 3 /data dir/catraca.db-shm", 32, 32, 0),
  mapping("7f0006000000-7f0007000000 r-xp 00000000 08:01 4 /usr/lib/libc.so.6", 1024, 128, 0),
  mapping("7ffc00000000-7ffc00021000 rw-p 00000000 00:00 0 [stack]", 128, 128, 128),
].join("");

describe("a memory map", () => {
  test("puts every mapping into one part", () => {
    const map = sumMappings(SMAPS);
    expect(map["executable: code"]).toBe(20);
    expect(map["executable: constants, sources, bytecode"]).toBe(2);
    expect(map["executable: written data"]).toBe(1);
    expect(map["heaps, SharedArrayBuffers, SQLite, malloc"]).toBe(30);
    expect(map["compiled JavaScript (JIT)"]).toBe(1);
    expect(map["intake log"]).toBe(1);
    expect(map["database and its index of the WAL"]).toBe(32 / 1024);
    expect(map["libc and other libraries"]).toBe(1);
    expect(map["main thread's stack"]).toBe(0.125);
  });

  test("has parts that add up to what is resident", () => {
    const map = sumMappings(SMAPS);
    const [, , , , ...parts] = MEMORY_PARTS;
    const sum = parts.reduce((total, part) => total + map[part], 0);
    expect(sum).toBeCloseTo(map["resident (RSS)"], 6);
    expect(map.anonymous + map["file-backed"]).toBeCloseTo(map["resident (RSS)"], 6);
    expect(map["proportional (PSS)"]).toBeLessThan(map["resident (RSS)"]);
  });

  test("of this very process has code and heaps", () => {
    const map = readMemoryMap(process.pid);
    expect(map["executable: code"]).toBeGreaterThan(1);
    expect(map["heaps, SharedArrayBuffers, SQLite, malloc"]).toBeGreaterThan(1);
  });
});
