import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { requireClassNames } from "./class-names.ts";

const directory = mkdtempSync(join(tmpdir(), "catraca-names-"));
const main = join(directory, "main.ts");
beforeAll(async () => {
  const module = JSON.stringify(join(import.meta.dir, "class-names.ts"));
  await Bun.write(main, `import { requireClassNames } from ${module};\nrequireClassNames();\n`);
});
afterAll(() => rmSync(directory, { recursive: true }));

/** Whether a program that was built with these flags starts. */
function starts(...flags: string[]): boolean {
  const out = join(directory, `built${flags.join("")}.js`);
  const build = Bun.spawnSync(["bun", "build", "--target=bun", ...flags, main, "--outfile", out]);
  if (!build.success) throw new Error(build.stderr.toString());
  return Bun.spawnSync(["bun", out], { stderr: "ignore" }).success;
}

test("sources and builds that keep the names of classes start", () => {
  expect(requireClassNames).not.toThrow();
  expect(starts("--minify-syntax", "--minify-whitespace")).toBe(true);
});

test.each(["--minify", "--minify-identifiers"])("a build with %s does not", (flag) => {
  expect(starts(flag)).toBe(false);
});
