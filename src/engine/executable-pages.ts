import { dlopen } from "bun:ffi";
import { readFileSync, readlinkSync } from "node:fs";

/**
 * Gives pages of the executable back to the kernel that the process does not use. The executable is mapped, not read:
 * what has run once, at the start, stays in the process's memory until the kernel is short of it; and with each page
 * that is used the kernel maps the fifteen around it. Of what an idle replica held of its executable it used a
 * sixth (`Referenced` in its smaps, some seconds after `echo 1 > /proc/PID/clear_refs`).
 *
 * The pages stay in the kernel's cache, where it can take them without asking; what is used again comes back from
 * there, a thousand times within a microsecond or two each. No promise hangs on it: where it cannot be done, the
 * process is larger.
 */
const FIRST_MS = 250;
const EVERY_MS = 5_000;

/**
 * The kernel maps pages around a used one up to the end of its mapping, so the mapping is cut into pieces of this size.
 * Smaller ones save little more: a mapping costs the kernel 250 bytes.
 */
const PIECE_BYTES = 16 * 1024;

/** From <sys/mman.h>; for a private mapping DONTNEED forgets what was written to it. */
const MADV = { dontNeed: 4, dontDump: 16, doDump: 17 } as const;

interface Mapping {
  readonly start: number;
  readonly bytes: number;
}

type Advise = (mapping: Mapping, advice: (typeof MADV)[keyof typeof MADV]) => boolean;

/** @returns ends it; on a system without /proc or libc.so.6 nothing is given back */
export function keepGivingPagesBack(): () => void {
  let giveBack: (() => void) | null = null;
  let timer: ReturnType<typeof setTimeout>;
  const look = () => {
    giveBack ??= openExecutablePages();
    if (giveBack === null) return;
    giveBack();
    timer = setTimeout(look, EVERY_MS);
    timer.unref();
  };
  timer = setTimeout(look, FIRST_MS);
  timer.unref();
  return () => clearTimeout(timer);
}

/** @returns gives back what was not used since the last call and what was, which comes back; null: it cannot be done */
export function openExecutablePages(): (() => void) | null {
  if (process.platform !== "linux") return null;
  try {
    const advise = openMadvise();
    const mappings = cleanMappings(readFileSync("/proc/self/smaps", "utf8"), readlinkSync("/proc/self/exe"));
    for (const mapping of mappings) cutIntoPieces(mapping, advise);
    return () => {
      for (const mapping of mappings) advise(mapping, MADV.dontNeed);
    };
  } catch {
    return null;
  }
}

/**
 * The mappings of a file that hold nothing but what stands in it: not writable, and no page changed since (the
 * linker's relocations are such changes: the kernel counts their pages as anonymous). Where nothing is said to be in
 * memory, nobody has counted: qemu-user says so of every mapping, also of those that were changed.
 * @param smaps see proc_pid_smaps(5)
 */
export function cleanMappings(smaps: string, path: string): Mapping[] {
  const mappings: Mapping[] = [];
  for (const entry of smaps.split(/\n(?=[0-9a-f]+-[0-9a-f]+ )/)) {
    const head = /^([0-9a-f]+)-([0-9a-f]+) r-[x-]p [0-9a-f]+ [0-9a-f:]+ [0-9]+ +([^\n]+)\n/.exec(entry);
    if (head?.[1] === undefined || head[2] === undefined || head[3] !== path) continue;
    if (/^Rss: +0 kB$/m.test(entry)) continue;
    if (!/^Anonymous: +0 kB$/m.test(entry) || !/^Swap: +0 kB$/m.test(entry)) continue;
    const start = Number.parseInt(head[1], 16);
    mappings.push({ start, bytes: Number.parseInt(head[2], 16) - start });
  }
  return mappings;
}

/**
 * Every other piece differs from its neighbours in an advice, so that they are mappings of their own. Which advice is
 * all the same: no core dump contains these pages anyhow, because they stand in the file. Refused where a process may
 * not have so many mappings, or where pages are larger than a piece: then it is one mapping again, because who
 * allocates needs some, too.
 */
export function cutIntoPieces(whole: Mapping, advise: Advise): void {
  const end = whole.start + whole.bytes;
  for (let at = whole.start; at < end; at += 2 * PIECE_BYTES) {
    if (advise({ start: at, bytes: Math.min(PIECE_BYTES, end - at) }, MADV.dontDump)) continue;
    advise(whole, MADV.doDump);
    return;
  }
}

function openMadvise(): Advise {
  const { symbols } = dlopen("libc.so.6", {
    madvise: { args: ["u64", "usize", "i32"], returns: "i32" },
  });
  return ({ start, bytes }, advice) => symbols.madvise(start, bytes, advice) === 0;
}
