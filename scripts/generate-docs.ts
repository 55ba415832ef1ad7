/**
 * Writes the pages that are generated from tables in the code.
 *
 *   bun scripts/generate-docs.ts           writes them
 *   bun scripts/generate-docs.ts --check   writes nothing, ends with 1 when a page is not up to date
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { renderErrorsMarkdown } from "../src/http/errors-page.ts";
import { renderMetricsMarkdown } from "../src/metrics/metrics-page.ts";
import { renderConfiguration } from "./documents/configuration.ts";
import { renderLimits } from "./documents/limits.ts";

export interface GeneratedDocument {
  /** Relative to the project's folder. */
  readonly file: string;
  readonly render: () => string;
}

export const DOCUMENTS: readonly GeneratedDocument[] = [
  { file: "docs/configuration.md", render: renderConfiguration },
  { file: "docs/errors.md", render: renderErrorsMarkdown },
  { file: "docs/metrics.md", render: renderMetricsMarkdown },
  { file: "docs/limits.md", render: renderLimits },
];

const PROJECT = join(import.meta.dir, "..");

/** The files among `documents` whose content is not what they would be generated as. */
export function findOutdated(documents: readonly GeneratedDocument[] = DOCUMENTS): readonly string[] {
  return documents.filter(({ file, render }) => read(file) !== render()).map(({ file }) => file);
}

/** The page as it is, or nothing when it is missing. */
function read(file: string): string {
  try {
    return readFileSync(join(PROJECT, file), "utf8");
  } catch {
    return "";
  }
}

if (import.meta.main) {
  const outdated = findOutdated();
  if (process.argv.includes("--check")) {
    for (const file of outdated) console.error(`${file} is not up to date: run bun scripts/generate-docs.ts`);
    process.exitCode = outdated.length === 0 ? 0 : 1;
  } else {
    for (const { file, render } of DOCUMENTS.filter((document) => outdated.includes(document.file))) {
      writeFileSync(join(PROJECT, file), render());
      console.log(`${file} written`);
    }
  }
}
