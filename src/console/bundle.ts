import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A file of the console as a browser gets it. */
export interface BundledFile {
  readonly name: string;
  readonly text: string;
}

/**
 * Bundles the browser's side of the console: the page, one script, one style sheet, the latter two with a hash
 * in their names.
 *
 * This is a macro (`with { type: "macro" }`): it runs when the importing file is compiled, and the files become
 * part of that file. So the executable carries them, and a run from the sources always shows what was edited.
 * In a process of its own, because the bundler that waits for this macro cannot bundle anything else meanwhile.
 */
export function bundleConsole(): BundledFile[] {
  const directory = mkdtempSync(join(tmpdir(), "catraca-console-"));
  try {
    const page = join(import.meta.dir, "browser/index.html");
    const command = [process.execPath, "build", page, "--minify", "--public-path=/console/", "--outdir"];
    const environment = { ...process.env, NODE_ENV: "production" };
    const { exitCode, stderr } = Bun.spawnSync([...command, directory], { env: environment });
    if (exitCode !== 0) throw new Error(`the console cannot be bundled:\n${stderr}`);
    const names = readdirSync(directory).sort();
    return names.map((name) => ({ name, text: readFileSync(join(directory, name), "utf8") }));
  } finally {
    rmSync(directory, { recursive: true });
  }
}
