import { statSync } from "node:fs";
import { join } from "node:path";
import type { Family } from "./family.ts";
import { BINARY, makeDirectory, removeDirectory } from "./processes.ts";

const BYTES_PER_MB = 1_000_000;

/** The size of the executable beside the smallest one that the same Bun makes. */
export const executable: Family = {
  name: "executable",
  about: "size of the executable, beside an empty program compiled by the same Bun",
  seconds: 5,
  run: async () => {
    const empty = await emptyProgramMb();
    return {
      figures: [
        {
          name: "executable",
          unit: "MB",
          values: [statSync(BINARY).size / BYTES_PER_MB],
          yardstick: { name: "an empty program, compiled", values: [empty] },
          goal: null,
          note: "the difference is sources, bytecode and the web pages",
        },
      ],
    };
  },
};

async function emptyProgramMb(): Promise<number> {
  const directory = makeDirectory();
  try {
    const [source, outfile] = [join(directory, "empty.ts"), join(directory, "empty")];
    await Bun.write(source, "export {};\n");
    const command = [process.execPath, "build", "--compile", source, "--outfile", outfile];
    const child = Bun.spawn(command, { cwd: directory, stdout: "ignore", stderr: "pipe" });
    if ((await child.exited) !== 0) throw new Error(await new Response(child.stderr).text());
    return statSync(outfile).size / BYTES_PER_MB;
  } finally {
    removeDirectory(directory);
  }
}
