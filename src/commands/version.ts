/** `catraca version`: what was built, of what, for what. */
import { buildInfo } from "../build-info.ts";
import { type CommandContext, EXIT } from "./command.ts";

/** Prints one line, or every fact as JSON. */
export async function run({ options, print }: CommandContext): Promise<number> {
  const { version, revision, target, bun } = buildInfo;
  print(
    options.has("--json")
      ? JSON.stringify(buildInfo, null, 2)
      : `catraca ${version} (${revision}, ${target}, bun ${bun})`,
  );
  return EXIT.ok;
}
