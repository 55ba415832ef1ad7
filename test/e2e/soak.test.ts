/** That scripts/soak still runs: some seconds of it, against the executable. What it judges is in test/soak. */
import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const PROJECT = join(import.meta.dir, "../..");
const { CATRACA_BINARY = join(PROJECT, "dist/catraca") } = process.env;

test("a short soak meets only what the contract has, drains, and its books agree", async () => {
  const directory = mkdtempSync(join(tmpdir(), "catraca-soak-test-"));
  const out = join(directory, "soak.md");
  const soak = Bun.spawn(
    [
      join(PROJECT, "scripts/soak"),
      ...["--minutes", "0.2", "--rate", "100", "--binary", CATRACA_BINARY, "--out", out],
    ],
    { stdout: "pipe", stderr: "inherit" },
  );
  try {
    const said = await new Response(soak.stdout).text();
    // 1: a limit was broken. Rate and memory are not this test's, nor is the machine's speed.
    expect([0, 1]).toContain(await soak.exited);
    const report = readFileSync(out, "utf8");
    const rowOf = (what: string) => report.split("\n").find((line) => line.startsWith(`| ${what} |`));
    expect([said, rowOf("unexpected answers")]).toEqual([said, "| unexpected answers | 0 | ≤ 0 | yes |"]);
    expect(report).toContain("| audit | the books agree | the books agree | yes |");
    expect(rowOf("exit code after SIGTERM")).toBe("| exit code after SIGTERM | 0 | 0 | yes |");
    for (const section of ["A", "B", "C", "D", "E"]) {
      expect(report).toMatch(new RegExp(`answers by section \\|.*\\b${section} \\d`));
    }
  } finally {
    soak.kill();
    await soak.exited;
    rmSync(directory, { recursive: true });
  }
}, 120_000);
