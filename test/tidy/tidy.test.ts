/**
 * Style that is a test: sizes, import rules, names, and that the documentation has what the tables in the code have.
 * Every rule is first shown files that break it, because a rule that finds nothing proves nothing.
 */
import { describe, expect, test } from "bun:test";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LIMITS } from "../../src/config/limits.ts";
import { SETTINGS } from "../../src/config/settings.ts";
import { ERROR_CODES } from "../../src/http/error-codes.ts";
import { METRICS } from "../../src/metrics/metric-table.ts";
import { linesOf } from "./rule.ts";
import { RULES } from "./rules.ts";
import { isTest, PROJECT, projectFiles, type SourceFile, sourceFile } from "./source-file.ts";

const files = projectFiles();
// The rules' own samples break the rules.
const judged = files.filter(({ path }) => !path.startsWith("test/tidy/"));

test("the project's files are found", () => {
  const paths = files.map(({ path }) => path);
  expect(paths).toContain("src/main.ts");
  expect(paths).toContain("scripts/test");
  expect(paths).toContain("package.json");
  expect(paths.filter((path) => path.includes("node_modules"))).toEqual([]);
});

test("comments are cut out of code, and nothing else", () => {
  const text = 'a("//b"); // c\n/* d\n */ e(/["/*]/g, `/* f */`); /** g */ h();';
  expect(sourceFile("src/x.ts", text).code).toBe('a("//b"); \n\n e(/["/*]/g, `/* f */`);  h();');
});

for (const rule of RULES) {
  describe(rule.name, () => {
    for (const [path, text] of rule.samples) {
      test(`is broken by ${path}: ${JSON.stringify(text.slice(0, 60))}`, () => {
        expect(rule.find(sourceFile(path, text))).not.toEqual([]);
      });
    }
    test("is not broken by what only looks like it", () => {
      expect(rule.innocent.flatMap(([path, text]) => rule.find(sourceFile(path, text)))).toEqual([]);
    });
    test("is kept", () => {
      expect(judged.flatMap((file) => rule.find(file).map((place) => `${file.path}: ${place}`))).toEqual([]);
    });
  });
}

describe("files of more than 250 lines are rare: at most one in twenty", () => {
  const LINES_RARE = 250;
  const longAmong = (all: readonly SourceFile[]) => {
    const sources = all.filter(({ path }) => path.endsWith(".ts") && !isTest(path));
    const long = sources.filter(({ text }) => linesOf(text) > LINES_RARE).map(({ path }) => path);
    return { long, isRare: long.length * 20 <= sources.length };
  };
  const made = (count: number, lines: number) =>
    Array.from({ length: count }, (_, number) => sourceFile(`src/x${number}.ts`, "x;\n".repeat(lines)));

  test("two of twenty are too many, one is not", () => {
    expect(longAmong([...made(18, 100), ...made(2, 251)]).isRare).toBe(false);
    expect(longAmong([...made(19, 100), ...made(1, 251)]).isRare).toBe(true);
  });
  test("is kept", () => {
    const { long, isRare } = longAmong(judged);
    expect(isRare ? [] : ["split some of these:", ...long]).toEqual([]);
  });
});

describe("every row of a table is in its page of docs/", () => {
  const missing = (names: readonly string[], page: string) =>
    names.filter((name) => !page.includes(`\`${name}\``));
  const TABLES: readonly (readonly [page: string, names: readonly string[]])[] = [
    ["docs/configuration.md", SETTINGS.map(({ name }) => name)],
    ["docs/errors.md", ERROR_CODES],
    ["docs/metrics.md", Object.values(METRICS).map(({ name }) => name)],
    ["docs/limits.md", Object.keys(LIMITS)],
  ];

  test("a row that is not there is found", () => {
    expect(missing(["PORT", "PORTS"], "| `PORT` | 9999 |")).toEqual(["PORTS"]);
  });
  test.each(TABLES)("%s", (page, names) => {
    expect(names.length).toBeGreaterThan(5);
    const lost = missing(names, readFileSync(join(PROJECT, page), "utf8"));
    expect(lost.map((name) => `${name} is missing in ${page}: run bun scripts/generate-docs.ts`)).toEqual([]);
  });
});

/** Lint has these rules; here they are shown to be on, with this project's own configuration. */
describe("the linter refuses", () => {
  const body = "  console.log(1);\n".repeat(71);
  const BAD: readonly (readonly [rule: string, text: string])[] = [
    ["noExcessiveLinesPerFunction", `export function long(): void {\n${body}}\n`],
    ["noExplicitAny", "export const value: any = null;\n"],
    ["noNonNullAssertion", "export const size = (text?: string) => text!.length;\n"],
  ];
  test.each(BAD)("%s", (rule, text) => {
    expect(lint(text)).toContain(rule);
  });
  test("nothing in a file that keeps the rules", () => {
    expect(lint(`export function long(): void {\n${body.slice(0, -18)}}\n`)).not.toContain("::error");
  });
});

/** What Biome says about a file of src/ with this text. */
function lint(text: string): string {
  const directory = mkdtempSync(join(tmpdir(), "catraca-tidy-"));
  try {
    cpSync(join(PROJECT, "biome.json"), join(directory, "biome.json"));
    mkdirSync(join(directory, "src"));
    writeFileSync(join(directory, "src/sample.ts"), text);
    // The copy is no repository, whose list of ignored files the configuration would ask for.
    const command = [
      join(PROJECT, "node_modules/.bin/biome"),
      "lint",
      "--vcs-enabled=false",
      "--reporter=github",
      ".",
    ];
    const { stdout, stderr } = Bun.spawnSync(command, { cwd: directory });
    return `${stdout.toString()}${stderr.toString()}`;
  } finally {
    rmSync(directory, { recursive: true });
  }
}
