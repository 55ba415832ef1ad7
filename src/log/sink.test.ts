import { expect, test } from "bun:test";
import { join } from "node:path";

const CHATTER = join(import.meta.dir, "fixtures", "chatter.ts");

interface Line {
  readonly line?: number;
  readonly count?: number;
}

function start(lines: number, then: "exit" | "kill" | "stay") {
  return Bun.spawn([process.execPath, CHATTER, String(lines), then], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
  });
}

function linesOf(text: string): Line[] {
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);
}

test("no line is lost when the process ends or is killed right after it", async () => {
  for (const then of ["exit", "kill"] as const) {
    const child = start(50, then);
    const lines = linesOf(await new Response(child.stdout).text());
    expect(lines.map(({ line }) => line)).toEqual(Array.from({ length: 50 }, (_, index) => index));
    await child.exited;
  }
});

test("a reader that hangs stops nobody, and is told later how many lines it missed", async () => {
  // 1,000 lines wait in memory and a pipe holds 64 KiB (Bun may read a little ahead): the rest cannot be kept.
  const written = 3_000;
  const script = `exec "$0" "$1" ${written} stay | (sleep 1; cat)`;
  const child = Bun.spawn(["sh", "-c", script, process.execPath, CHATTER], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
  });
  const first = await child.stderr.getReader().read();
  const { tookMs } = JSON.parse(new TextDecoder().decode(first.value)) as { tookMs: number };
  expect(tookMs).toBeLessThan(900);

  const output: string[] = [];
  for await (const chunk of child.stdout) {
    output.push(new TextDecoder().decode(chunk));
    if (output.join("").includes("log lines dropped")) child.stdin.end();
  }
  const lines = linesOf(output.join(""));
  const told = lines.at(-1);
  expect(told).toMatchObject({ level: "warn", message: "log lines dropped: nobody read them" });
  expect(lines.length - 1 + Number(told?.count)).toBe(written);
  await child.exited;
});

test("lines of several processes on one pipe stay whole", async () => {
  const script = `for i in 1 2 3; do "$0" "$1" 400 exit & done | cat; wait`;
  const child = Bun.spawn(["sh", "-c", script, process.execPath, CHATTER], {
    stdout: "pipe",
    stderr: "ignore",
  });
  const text = await new Response(child.stdout).text();
  for (const line of text.trim().split("\n")) expect(() => JSON.parse(line)).not.toThrow();
});
