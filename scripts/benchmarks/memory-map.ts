import { readFileSync } from "node:fs";

/**
 * Where a process's resident memory is, from /proc/PID/smaps. The kernel knows mappings and not what is in them: the
 * JavaScript heaps of all threads, SharedArrayBuffers, SQLite's caches and what C++ allocates are all in anonymous
 * memory of one allocator, so they have one row.
 */
export const MEMORY_PARTS = [
  "resident (RSS)",
  "proportional (PSS)",
  "anonymous",
  "file-backed",
  "executable: code",
  "executable: constants, sources, bytecode",
  "executable: written data",
  "compiled JavaScript (JIT)",
  "heaps, SharedArrayBuffers, SQLite, malloc",
  "main thread's stack",
  "intake log",
  "database and its index of the WAL",
  "libc and other libraries",
] as const;
export type MemoryPart = (typeof MEMORY_PARTS)[number];

export type MemoryMap = Readonly<Record<MemoryPart, number>>;

/** Megabytes per part now. */
export function readMemoryMap(pid: number): MemoryMap {
  return sumMappings(readFileSync(`/proc/${pid}/smaps`, "utf8"));
}

/** As `readMemoryMap`, of a text in the form of proc(5)'s smaps. */
export function sumMappings(smaps: string): MemoryMap {
  // Every part is listed, so every member is there.
  const kilobytes = Object.fromEntries(MEMORY_PARTS.map((part) => [part, 0])) as Record<MemoryPart, number>;
  for (const { flags, path, rssKb, pssKb, anonymousKb } of mappingsIn(smaps)) {
    kilobytes["resident (RSS)"] += rssKb;
    kilobytes["proportional (PSS)"] += pssKb;
    kilobytes.anonymous += anonymousKb;
    kilobytes["file-backed"] += rssKb - anonymousKb;
    kilobytes[partOf(flags, path)] += rssKb;
  }
  return Object.fromEntries(MEMORY_PARTS.map((part) => [part, kilobytes[part] / 1024])) as MemoryMap; // as above
}

interface Mapping {
  readonly flags: string;
  readonly path: string;
  readonly rssKb: number;
  readonly pssKb: number;
  readonly anonymousKb: number;
}

function mappingsIn(smaps: string): Mapping[] {
  // A mapping begins with a line of addresses; lines of its figures follow.
  const parts = smaps.split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m);
  return parts.flatMap((text) => {
    const head = /^\S+ (\S+) \S+ \S+ \d+[ \t]*(.*)/.exec(text);
    if (head === null) return [];
    const figure = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(text)?.[1] ?? 0);
    const [, flags = "", path = ""] = head;
    return [{ flags, path, rssKb: figure("Rss"), pssKb: figure("Pss"), anonymousKb: figure("Anonymous") }];
  });
}

function partOf(flags: string, path: string): MemoryPart {
  if (path === "[stack]") return "main thread's stack";
  if (path === "" || path.startsWith("[")) {
    return flags.includes("x") && path === ""
      ? "compiled JavaScript (JIT)"
      : "heaps, SharedArrayBuffers, SQLite, malloc";
  }
  if (path.endsWith(".ring")) return "intake log";
  if (/\.db(?:-\w+)?$/.test(path)) return "database and its index of the WAL";
  if (/\.so(?:\.|$)/.test(path)) return "libc and other libraries";
  if (flags.includes("x")) return "executable: code";
  return flags.includes("w") ? "executable: written data" : "executable: constants, sources, bytecode";
}
