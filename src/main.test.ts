import { describe, expect, test } from "bun:test";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findRequest } from "./commands/find-command.ts";

/** Runs the program from its sources, in a folder without a .env file, with nothing but this environment. */
function catraca(argv: readonly string[], environment: Record<string, string> = {}) {
  const result = Bun.spawnSync([process.execPath, join(import.meta.dir, "main.ts"), ...argv], {
    cwd: tmpdir(),
    env: environment,
  });
  return { code: result.exitCode, output: result.stdout.toString(), errors: result.stderr.toString() };
}

describe("which command runs", () => {
  test.each([
    [[], "serve", []],
    [["--port", "1"], "serve", ["--port", "1"]],
    [["serve", "--port", "1"], "serve", ["--port", "1"]],
    [["config", "--json"], "config", ["--json"]],
    [["--help"], "help", []],
    [["-h"], "help", []],
    [["config", "--help"], "help", ["config"]],
    [["--port", "1", "--help"], "help", []],
    [["backup", "--", "--help"], "backup", ["--", "--help"]],
    [["--version"], "version", []],
    [["-v", "--json"], "version", ["--json"]],
  ] as const)("%j is %s %j", (argv, name, rest) => {
    expect(findRequest(argv)).toMatchObject({ ok: true, command: { name }, argv: rest });
  });

  test("an unknown one is refused", () => {
    expect(findRequest(["sreve"])).toMatchObject({
      ok: false,
      problem: expect.stringContaining("Did you mean serve?"),
    });
  });
});

describe("exit codes", () => {
  test("0 when all went well; results are on standard output", () => {
    const { code, output, errors } = catraca(["version"]);
    expect({ code, errors }).toEqual({ code: 0, errors: "" });
    expect(output).toStartWith("catraca ");
  });

  test("1 when the command says no", () => {
    // Port 1 of the loopback interface: nobody listens there.
    expect(catraca(["healthcheck", "--port", "1"]).code).toBe(1);
  });

  test("2 and every problem on standard error when a setting or the command line is wrong", () => {
    const { code, output, errors } = catraca(["config", "--prot=1"], { PORT: "abc", ADMIN_TOKN: "hunter2" });
    expect({ code, output }).toEqual({ code: 2, output: "" });
    expect(errors).toBe(
      [
        "catraca cannot start (3 problems):",
        "  --prot: no such flag. Did you mean --port?",
        "  ADMIN_TOKN: this environment variable begins like a setting but is none. Did you mean ADMIN_TOKEN?",
        '  PORT from environment variable PORT: expected a whole number from 0 to 65535, got "abc".',
        '"catraca help" lists every command, flag and environment variable.',
        "",
      ].join("\n"),
    );
  });

  test("2 for an argument too many, and for an unknown command", () => {
    expect(catraca(["config", "everything"])).toMatchObject({ code: 2 });
    expect(catraca(["confg"])).toMatchObject({ code: 2, output: "" });
  });

  test("help and version work with a broken environment: that is when they are needed", () => {
    for (const argv of [["help"], ["config", "--help"], ["version"]]) {
      expect(catraca(argv, { PORT: "abc", CATRACA_X: "1" }).code).toBe(0);
    }
  });
});
