import { describe, expect, test } from "bun:test";
import { readFileSync, readlinkSync } from "node:fs";
import { cleanMappings, cutIntoPieces, openExecutablePages } from "./executable-pages.ts";

const PATH = "/opt/catraca/bin/catraca";

function entry(head: string, anonymousKb = 0, swapKb = 0, rssKb = 64): string {
  return `${head}\nSize:  96 kB\nRss:  ${rssKb} kB\nAnonymous:  ${anonymousKb} kB\nSwap:  ${swapKb} kB\nVmFlags: rd mr mw me`;
}

function starts(...entries: string[]): string[] {
  return cleanMappings(`${entries.join("\n")}\n`, PATH).map(({ start }) => start.toString(16));
}

describe("mappings whose pages can be given back", () => {
  test("are those of the executable that hold what stands in the file", () => {
    const smaps = [
      entry(`00200000-01a38000 r--p 00000000 fe:00 214   ${PATH}`),
      entry(`01a40000-06836000 r-xp 01838000 fe:00 214   ${PATH}`),
      entry("7f47a59d4000-7f47a5b2a000 r-xp 00026000 fe:00 339   /usr/lib/libc.so.6"),
      entry("7f4765669000-7f47a5669000 r--p 00000000 00:00 0 "),
    ];
    expect(cleanMappings(`${smaps.join("\n")}\n`, PATH)).toEqual([
      { start: 0x200000, bytes: 0x1838000 },
      { start: 0x1a40000, bytes: 0x4df6000 },
    ]);
  });

  test("are none that the process can write, and none that is shared", () => {
    expect(starts(entry(`06836000-0684a000 rw-p 0662d000 fe:00 214   ${PATH}`))).toEqual([]);
    expect(starts(entry(`06836000-0684a000 r--s 0662d000 fe:00 214   ${PATH}`))).toEqual([]);
  });

  test("are none that was changed since it was mapped, also if the changed page was swapped out", () => {
    const relocated = `0684a000-06852000 r--p 06641000 fe:00 214   ${PATH}`;
    expect(starts(entry(relocated, 12))).toEqual([]);
    expect(starts(entry(relocated, 0, 12))).toEqual([]);
    expect(starts(entry(relocated))).toEqual(["684a000"]);
  });

  test("are none where nobody counts: an emulator says of changed pages, too, that nothing is in memory", () => {
    expect(starts(entry(`0684a000-06852000 r--p 06641000 fe:00 214   ${PATH}`, 0, 0, 0))).toEqual([]);
  });

  test("are found where the executable was replaced while it runs", () => {
    const smaps = entry(`01a40000-06836000 r-xp 01838000 fe:00 214   ${PATH} (deleted)`);
    expect(cleanMappings(`${smaps}\n`, `${PATH} (deleted)`)).toHaveLength(1);
  });
});

describe("a mapping that is cut", () => {
  const KIB = 1024;
  const whole = { start: 0x200000, bytes: 100 * KIB };

  /** @returns what was advised: at which offset, how much, what; the call of this number is refused */
  function advices(refused: number): [atKib: number, kib: number, advice: number][] {
    const calls: [number, number, number][] = [];
    cutIntoPieces(whole, ({ start, bytes }, advice) => {
      calls.push([(start - whole.start) / KIB, bytes / KIB, advice]);
      return calls.length - 1 !== refused;
    });
    return calls;
  }

  test("has pieces of 16 KiB, of which every other one is advised", () => {
    expect(advices(-1)).toEqual([0, 32, 64, 96].map((atKib) => [atKib, Math.min(16, 100 - atKib), 16]));
  });

  test("is one again where that is refused: a process without mappings left could not allocate", () => {
    expect(advices(2)).toEqual([
      [0, 16, 16],
      [32, 16, 16],
      [64, 16, 16],
      [0, 100, 17],
    ]);
  });
});

const isLinux = process.platform === "linux";
if (!isLinux) console.log("NOT TESTED: giving pages of the executable back, which only Linux does");
test.if(isLinux)("what is given back is not in memory any more, and comes back when it runs", () => {
  const residentKb = () => {
    const path = readlinkSync("/proc/self/exe");
    let sum = 0;
    for (const piece of readFileSync("/proc/self/smaps", "utf8").split(/\n(?=[0-9a-f]+-[0-9a-f]+ )/)) {
      if (!/ r-[x-]p /.test(piece) || !piece.includes(path)) continue;
      sum += Number(/^Rss: +(\d+) kB$/m.exec(piece)?.[1] ?? 0);
    }
    return sum;
  };
  const before = residentKb();
  const giveBack = openExecutablePages();
  giveBack?.();
  // This very line runs from pages that came back.
  const after = residentKb();
  expect(after).toBeGreaterThan(0);
  expect(after).toBeLessThan(before / 2);
});
