import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type LoadedSettings, loadSettings } from "./load.ts";
import { SETTINGS } from "./settings.ts";

const machine = { hostname: "host-1", workingDirectory: "/srv" };
const folder = mkdtempSync(join(tmpdir(), "catraca-settings-"));
afterAll(() => rmSync(folder, { recursive: true }));

function load(argv: readonly string[], environment: Record<string, string> = {}): LoadedSettings {
  return loadSettings(argv, environment, { machine });
}

function settingsOf(argv: readonly string[], environment: Record<string, string> = {}) {
  const loaded = load(argv, environment);
  if (!loaded.ok) throw new Error(`expected no problems, got ${loaded.problems.join(" / ")}`);
  return loaded;
}

function problemsOf(argv: readonly string[], environment: Record<string, string> = {}): readonly string[] {
  const loaded = load(argv, environment);
  return loaded.ok ? [] : loaded.problems;
}

function secretFile(name: string, content: string): string {
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
}

describe("precedence", () => {
  test("the default holds when nothing is given", () => {
    const { settings, sources } = settingsOf([]);
    expect(settings.port).toBe(9999);
    expect(sources.port).toEqual({ kind: "default" });
  });

  test("the environment comes before the default", () => {
    const { settings, sources } = settingsOf([], { PORT: "8080" });
    expect(settings.port).toBe(8080);
    expect(sources.port).toEqual({ kind: "environment", name: "PORT" });
  });

  test("a flag comes before the environment, as two words or one", () => {
    for (const argv of [["--port", "7000"], ["--port=7000"]]) {
      const { settings, sources } = settingsOf(argv, { PORT: "8080", CATRACA_PORT: "8081" });
      expect(settings.port).toBe(7000);
      expect(sources.port).toEqual({ kind: "flag", name: "--port" });
    }
  });

  test("of a flag given twice the last one holds", () => {
    expect(settingsOf(["--port=1", "--port=2"]).settings.port).toBe(2);
  });

  test("an empty variable counts as unset", () => {
    const { settings, sources } = settingsOf([], { PORT: "", CATRACA_PORT: "", ADMIN_NONSENSE: "" });
    expect(settings.port).toBe(9999);
    expect(sources.port).toEqual({ kind: "default" });
  });

  test("an empty flag takes back what the environment set, where a setting may be unset", () => {
    expect(settingsOf(["--redis-url="], { REDIS_URL: "redis://h" }).settings.redisUrl).toBeNull();
    expect(problemsOf(["--port="])).toEqual([
      'PORT from flag --port: expected a whole number from 0 to 65535, got "".',
    ]);
  });
});

describe("names", () => {
  test("every setting answers to its name, its aliases and each of them with CATRACA_", () => {
    // Accepted by a setting of each kind, and different from every default.
    const samples = [
      "1",
      "2",
      "0.5",
      "10.5",
      "8080",
      "true",
      "debug",
      "power",
      "http://h:1",
      "redis://h",
      "abc",
      "10.0.0.0/8",
    ];
    for (const setting of SETTINGS) {
      const text = samples.find(
        (sample) => setting.parse(sample) !== undefined && sample !== setting.defaultText,
      );
      if (text === undefined) throw new Error(`no sample for ${setting.name}`);
      for (const name of [setting.name, ...setting.aliases]) {
        for (const full of [name, `CATRACA_${name}`]) {
          const loaded = load([], { [full]: text });
          // Some values are refused by a rule between settings, but none as unknown.
          if (loaded.ok) expect(loaded.sources[setting.key]).toEqual({ kind: "environment", name: full });
          else expect(loaded.problems.join()).not.toContain("is none");
        }
      }
    }
  });

  test("the processors keep every name the originals used", () => {
    for (const [first, second] of [
      ["PAYMENT_PROCESSOR_DEFAULT", "PAYMENT_PROCESSOR_FALLBACK"],
      ["PAYMENT_PROCESSOR_DEFAULT_URL", "PAYMENT_PROCESSOR_FALLBACK_URL"],
      ["PAYMENT_PROCESSOR_URL_DEFAULT", "PAYMENT_PROCESSOR_URL_FALLBACK"],
    ] as const) {
      const { settings } = settingsOf([], { [first]: "http://d:8080/", [second]: "http://f:8080" });
      expect(settings.paymentProcessorDefault).toBe("http://d:8080");
      expect(settings.paymentProcessorFallback).toBe("http://f:8080");
    }
  });

  test("a name with CATRACA_ wins over the one without", () => {
    expect(settingsOf([], { PORT: "1", CATRACA_PORT: "2" }).settings.port).toBe(2);
  });

  test("two names of the same rank must agree", () => {
    const names = {
      PAYMENT_PROCESSOR_DEFAULT: "http://a",
      PAYMENT_PROCESSOR_URL_DEFAULT: "http://b",
      PAYMENT_PROCESSOR_FALLBACK: "http://c",
    };
    expect(problemsOf([], names)).toEqual([
      "PAYMENT_PROCESSOR_DEFAULT: given by PAYMENT_PROCESSOR_DEFAULT and differently by PAYMENT_PROCESSOR_URL_DEFAULT; keep one of them.",
    ]);
    expect(problemsOf([], { ...names, PAYMENT_PROCESSOR_URL_DEFAULT: "http://a" })).toEqual([]);
  });

  test("a switch is set by --name, --no-name, --name=false and by variable", () => {
    expect(settingsOf(["--admin-open"]).settings.adminOpen).toBe(true);
    expect(settingsOf(["--no-admin-open"], { ADMIN_OPEN: "true" }).settings.adminOpen).toBe(false);
    expect(settingsOf(["--admin-open=false"], { ADMIN_OPEN: "1" }).settings.adminOpen).toBe(false);
    expect(settingsOf([], { ADMIN_OPEN: "on" }).settings.adminOpen).toBe(true);
  });
});

describe("secrets", () => {
  test("are read from the file that a variable or a flag names, without the line end", () => {
    const path = secretFile("token", "s3cret\r\n");
    const byVariable = settingsOf([], { ADMIN_TOKEN_FILE: path });
    expect(byVariable.settings.adminToken).toBe("s3cret");
    expect(byVariable.sources.adminToken).toEqual({ kind: "file", name: "ADMIN_TOKEN_FILE", path });
    expect(settingsOf(["--admin-token-file", path]).settings.adminToken).toBe("s3cret");
    expect(settingsOf([], { CATRACA_ADMIN_TOKEN_FILE: path }).settings.adminToken).toBe("s3cret");
    const gateway = { PAYMENTS_URL: "http://h", PAYMENTS_TOKEN_FILE: path };
    expect(settingsOf([], gateway).settings.paymentsToken).toBe("s3cret");
  });

  test("given directly and by file at once are refused", () => {
    const path = secretFile("twice", "a");
    expect(problemsOf([], { ADMIN_TOKEN: "a", ADMIN_TOKEN_FILE: path })).toEqual([
      "ADMIN_TOKEN: given by ADMIN_TOKEN and differently by ADMIN_TOKEN_FILE; keep one of them.",
    ]);
    expect(problemsOf(["--admin-token=a", "--admin-token-file", path])).toEqual([
      "ADMIN_TOKEN: given by --admin-token and by --admin-token-file; keep one of them.",
    ]);
  });

  test("a missing or empty file is a problem, not an absent secret", () => {
    expect(problemsOf([], { ADMIN_TOKEN_FILE: "/nowhere/token" })).toEqual([
      "ADMIN_TOKEN: expected a readable file at /nowhere/token (ADMIN_TOKEN_FILE), got ENOENT.",
    ]);
    const path = secretFile("empty", "\n");
    expect(problemsOf([], { ADMIN_TOKEN_FILE: path })).toEqual([
      `ADMIN_TOKEN from file ${path} (ADMIN_TOKEN_FILE): expected 1 to 512 printable characters without spaces, got 0 characters (not shown).`,
    ]);
  });

  test("are in no message, whatever is wrong with them", () => {
    const secret = "hunter2 with a space";
    const path = secretFile("bad", secret);
    const all = [
      ...problemsOf([`--admin-token=${secret}`, `--redis-url=http://x:hunter2@h`, `--admin-tokn=${secret}`]),
      ...problemsOf([], { ADMIN_TOKEN: secret, REDIS_URL: "redis:/hunter2", ADMIN_TOKN: secret }),
      ...problemsOf([], { ADMIN_TOKEN_FILE: path, PAYMENTS_URL: "https://me:hunter2@h/?key=hunter2" }),
    ];
    expect(all).toHaveLength(8);
    expect(all.join("\n")).not.toContain("hunter2");
    expect(all.at(-1)).toContain('got "https://***@h/?…"');
  });

  test("only secrets have a _FILE variable", () => {
    expect(problemsOf([], { GATEWAY_MAX_ATTEMPTS_FILE: "/x" })).toHaveLength(1);
  });
});

describe("what is not known", () => {
  test("a flag is refused with the closest one", () => {
    expect(problemsOf(["--prot", "1"])).toEqual(["--prot: no such flag. Did you mean --port?"]);
    expect(problemsOf(["--max-hold=3"])).toEqual([
      "--max-hold: no such flag. Did you mean --max-hold-seconds?",
    ]);
    expect(problemsOf(["--no-port"])).toHaveLength(1);
    expect(problemsOf(["--xyzzyxyzzy"])).toEqual(["--xyzzyxyzzy: no such flag."]);
  });

  test("a variable that begins like ours is refused with the closest one", () => {
    const text = "this environment variable begins like a setting but is none.";
    expect(problemsOf([], { CATRACA_PROT: "1", BANK_APROVAL_RATE: "1", PROCESSOR_X: "1" })).toEqual([
      `BANK_APROVAL_RATE: ${text} Did you mean BANK_APPROVAL_RATE?`,
      `CATRACA_PROT: ${text} Did you mean CATRACA_PORT?`,
      `PROCESSOR_X: ${text}`,
    ]);
    for (const prefix of ["CATRACA_", "GATEWAY_", "MOCK_GATEWAY_", "BANK_", "ORDER_"]) {
      expect(problemsOf([], { [`${prefix}QQQQQQ`]: "1" })).toHaveLength(1);
    }
    for (const prefix of ["RESERVATION_", "ADMIN_", "PROCESSOR_"]) {
      expect(problemsOf([], { [`${prefix}QQQQQQ`]: "1" })).toHaveLength(1);
    }
  });

  test("other variables are nobody's business here", () => {
    expect(
      problemsOf([], { HOME: "/root", PORTS: "x", DATABASE_URL: "postgres://h", HOSTNAME: "h" }),
    ).toEqual([]);
  });

  test("a flag without its value is refused, also before another flag", () => {
    const expected = "--port: a value must follow, as in --port=…";
    expect(problemsOf(["--port"])).toEqual([expected]);
    expect(problemsOf(["--port", "--admin-open"])).toEqual([expected]);
  });
});

describe("all problems at once", () => {
  test("each names the setting, its source, what was expected and what came", () => {
    expect(
      problemsOf(["--durability", "forever", "--nope"], {
        PORT: "99999",
        GATEWAY_TIMEOUT_SECONDS: "-1",
        PAYMENT_GATEWAY_URL: "ftp://h",
        REPLICA_ID: "a b",
        BANK_DELAY_MIN_SECONDS: "60",
        BANK_WHAT: "1",
      }),
    ).toEqual([
      "--nope: no such flag.",
      "BANK_WHAT: this environment variable begins like a setting but is none.",
      'PORT from environment variable PORT: expected a whole number from 0 to 65535, got "99999".',
      'REPLICA_ID from environment variable REPLICA_ID: expected at most 63 letters, digits, ".", "_" and "-", the first a letter or digit, got "a b".',
      'DURABILITY from flag --durability: expected one of process, power, got "forever".',
      'PAYMENT_GATEWAY_URL from environment variable PAYMENT_GATEWAY_URL: expected an http:// or https:// URL without user name, query and fragment, got "ftp://h".',
      'GATEWAY_TIMEOUT_SECONDS from environment variable GATEWAY_TIMEOUT_SECONDS: expected a number from 0.01 to 300 with at most 3 decimals, got "-1".',
      "BANK_DELAY_MIN_SECONDS: expected at most BANK_DELAY_MAX_SECONDS (25), got 60.",
    ]);
  });

  test("control characters and endless values do not reach the terminal", () => {
    const [problem] = problemsOf([], { PORT: `\u001b[2J${"9".repeat(10_000)}` });
    expect(problem).not.toContain("\u001b");
    expect(problem?.length).toBeLessThan(250);
  });
});

describe("defaults that depend", () => {
  test("the database lies in the data directory, and paths are absolute", () => {
    const { settings } = settingsOf([], { DATA_DIR: "work/here" });
    expect(settings.dataDir).toBe("/srv/work/here");
    expect(settings.databaseFile).toBe("/srv/work/here/catraca.db");
    expect(settingsOf(["--database-file=x.db"]).settings.databaseFile).toBe("/srv/x.db");
    expect(settingsOf([]).settings.dataDir).toBe("/srv/data");
  });

  test("the replica is called like the host, made safe for a file name", () => {
    const replicaOf = (hostname: string) => {
      const loaded = loadSettings([], {}, { machine: { ...machine, hostname } });
      return loaded.ok ? loaded.settings.replicaId : loaded.problems;
    };
    expect(replicaOf("host-1")).toBe("host-1");
    expect(replicaOf("../my host")).toBe("my-host");
    expect(replicaOf("h".repeat(100))).toHaveLength(63);
    expect(replicaOf("")).toBe("replica");
  });
});

describe("what belongs to the command", () => {
  test("operands and the command's own flags are handed through", () => {
    const commandFlags = [
      { flag: "--json", takesValue: false },
      { flag: "--to", takesValue: true },
    ];
    const loaded = loadSettings(
      ["file", "--json", "--port=1", "--to", "x", "--", "--port"],
      {},
      { commandFlags },
    );
    if (!loaded.ok) throw new Error(loaded.problems.join());
    expect(loaded.args).toEqual(["file", "--port"]);
    expect([...loaded.options]).toEqual([
      ["--json", "true"],
      ["--to", "x"],
    ]);
  });

  test("settings can be sent to a worker", () => {
    const { settings } = settingsOf([]);
    expect(structuredClone(settings)).toEqual(settings);
  });
});
