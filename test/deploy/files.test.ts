/** What can be said of the deployment's files without running them. */
import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PROJECT, readServices } from "../../scripts/challenge/compose-file.ts";
import { METRICS } from "../../src/metrics/metric-table.ts";

const read = (path: string) => readFileSync(join(PROJECT, path), "utf8");
const SEARCH_PATH = `${process.env["PATH"] ?? ""}:/usr/sbin:/usr/local/sbin`;

/** Runs a checker; null, and it is said, where that is not installed. */
function check(...command: [string, ...string[]]): { readonly code: number; readonly output: string } | null {
  const [name, ...rest] = command;
  const program = Bun.which(name, { PATH: SEARCH_PATH });
  if (program === null) {
    console.log(`NOT TESTED: "${command.join(" ")}", because ${name} is missing`);
    return null;
  }
  const { exitCode, stdout, stderr } = Bun.spawnSync([program, ...rest], { cwd: PROJECT });
  return { code: exitCode, output: `${stdout}${stderr}` };
}

describe("compose.yml", () => {
  const services = readServices({});
  const limited = [...services.values()].filter(({ limits }) => limits !== null);

  test("stays within the challenge: 1.5 CPU and 350 MB, at least two servers behind one port, a bridge", () => {
    const cpus = limited.reduce((sum, { limits }) => sum + (limits?.cpus ?? 0), 0);
    const bytes = limited.reduce((sum, { limits }) => sum + (limits?.memoryBytes ?? 0), 0);
    expect(cpus).toBeCloseTo(1.5);
    expect(bytes / 2 ** 20).toBe(350);
    expect([...services.keys()].filter((name) => name.startsWith("catraca")).length).toBe(3);
    expect(read("compose.yml")).toContain("driver: bridge");
    expect(read("compose.yml")).not.toMatch(/privileged|network_mode/);
  });
  test("everything but the simulated processors is limited", () => {
    expect([...services.keys()].filter((name) => services.get(name)?.limits === null)).toEqual([
      "processors",
    ]);
  });
  test("the replicas share a database and differ in their names alone", () => {
    const settings = ["catraca1", "catraca2", "catraca3"].map((name) => ({
      ...services.get(name)?.environment,
    }));
    expect(settings.map((each) => each["REPLICA_ID"])).toEqual(["catraca1", "catraca2", "catraca3"]);
    const others = settings.map(({ REPLICA_ID: _, SOCKET: __, ...rest }) => rest);
    expect(others[1]).toEqual(others[0] ?? {});
    expect(others[2]).toEqual(others[0] ?? {});
    expect(others[0]?.["DATABASE_FILE"]).toStartWith("/data/");
  });
  test("every replica is behind the balancer", () => {
    const servers = [...read("nginx.conf").matchAll(/server unix:(\S+) /g)].map((match) => match[1]);
    const sockets = [...services.values()].map(({ environment }) => environment["SOCKET"]).filter(Boolean);
    expect(sockets.length).toBe(3);
    expect(servers).toEqual(sockets);
  });
  test("and it alone opens the administrator's calls", () => {
    const files = [
      "Dockerfile",
      "nginx.conf",
      "compose.challenge.yml",
      ...readdirSync(join(PROJECT, "deploy")).map((name) => `deploy/${name}`),
    ];
    const opening = files.filter((path) => /^[^#]*ADMIN_OPEN/m.test(read(path)));
    expect(opening).toEqual([]);
  });
});

describe("the image", () => {
  const lines = read("Dockerfile").split("\n");
  test("runs as nobody in particular, checks its own health, and clears Bun's variables", () => {
    const last = lines.slice(lines.findLastIndex((line) => line.startsWith("FROM ")));
    expect(last).toContain("USER catraca");
    expect(
      last.some((line) => line.startsWith("HEALTHCHECK ") && line.includes('"catraca", "healthcheck"')),
    ).toBe(true);
    expect(last.some((line) => line.includes('BUN_OPTIONS="" BUN_BE_BUN=""'))).toBe(true);
  });
  test("is built with the Bun of package.json", () => {
    const { packageManager } = JSON.parse(read("package.json")) as { packageManager: string };
    expect(lines[lines.findIndex((line) => line.startsWith("FROM "))]).toBe(
      `FROM oven/${packageManager.replace("@", ":")} AS build`,
    );
  });
});

describe("metrics that the alerts and the dashboard ask for exist, with those labels", () => {
  /** Every series that the table makes, with its label names. */
  const known = new Map<string, readonly string[]>();
  for (const { name, type, ...rest } of Object.values(METRICS)) {
    const labels = "labels" in rest ? Object.keys(rest.labels) : [];
    known.set(name, labels);
    if (type === "histogram")
      for (const part of ["bucket", "sum", "count"]) known.set(`${name}_${part}`, ["le"]);
  }
  const unknownIn = (text: string) =>
    [...text.matchAll(/\b(catraca_\w+)(?:\{([^}]*)\})?/g)].flatMap(([, name = "", selector = ""]) => {
      const labels = known.get(name);
      if (labels === undefined) return [name];
      const asked = [...selector.replaceAll('\\"', '"').matchAll(/(\w+)\s*=~?"/g)].map(
        (match) => match[1] ?? "",
      );
      return asked
        .filter((label) => label !== "instance" && !labels.includes(label))
        .map((label) => `${name}{${label}}`);
    });

  test("one that does not exist is found, and so is a label", () => {
    expect(unknownIn("rate(catraca_paid_total[5m])")).toEqual(["catraca_paid_total"]);
    expect(unknownIn('catraca_breaker_state{state="open"}')).toEqual(["catraca_breaker_state{state}"]);
  });
  test.each(["deploy/alerts.yml", "deploy/grafana-dashboard.json"])("%s", (path) => {
    const text = read(path);
    expect([...text.matchAll(/\bcatraca_\w+/g)].length).toBeGreaterThan(10);
    expect(unknownIn(text)).toEqual([]);
  });
  test("every alert has its paragraph in docs/operations.md", () => {
    const alerts = [...read("deploy/alerts.yml").matchAll(/alert: (\w+)/g)].map((match) => match[1] ?? "");
    expect(alerts.length).toBeGreaterThan(5);
    const page = read("docs/operations.md");
    expect(alerts.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  });
  test("the panels of the dashboard do not overlap", () => {
    const { panels } = JSON.parse(read("deploy/grafana-dashboard.json")) as {
      panels: { gridPos: Box; title: string }[];
    };
    const overlapping = panels.flatMap((one, index) =>
      panels
        .slice(index + 1)
        .filter((other) => overlaps(one.gridPos, other.gridPos))
        .map((other) => [one.title, other.title]),
    );
    expect(overlapping).toEqual([]);
  });
});

interface Box {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}
function overlaps(one: Box, other: Box): boolean {
  const apart =
    one.x + one.w <= other.x ||
    other.x + other.w <= one.x ||
    one.y + one.h <= other.y ||
    other.y + other.h <= one.y;
  return !apart;
}

describe("the tools themselves are content with", () => {
  test("prometheus.yml and alerts.yml, and the alerts fire when they should", () => {
    const config = check("promtool", "check", "config", "deploy/prometheus.yml");
    const rules = check("promtool", "test", "rules", "deploy/alerts.test.yml");
    for (const result of [config, rules]) expect(result?.code ?? 0, result?.output).toBe(0);
  });
  test("catraca.service, and find it closed: at most 2 of 10", () => {
    const verified = check("systemd-analyze", "verify", "deploy/catraca.service");
    // The executable is not installed on the machine that tests.
    const complaints = verified?.output
      .split("\n")
      .filter((line) => line !== "" && !line.includes("is not executable"));
    expect(complaints ?? []).toEqual([]);
    const rated = check(
      "systemd-analyze",
      "security",
      "--offline=true",
      "--threshold=20",
      "deploy/catraca.service",
    );
    expect(rated?.code ?? 0, rated?.output.slice(-300)).toBe(0);
  });
  test("the shell scripts", () => {
    for (const path of ["deploy/install.sh", "scripts/rinha", "test/deploy/run"]) {
      const result = check("bash", "-n", path);
      expect(result?.code ?? 0, result?.output).toBe(0);
    }
  });
});
