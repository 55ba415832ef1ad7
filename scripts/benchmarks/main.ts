/** `scripts/bench`: runs families of figures, prints each figure, and rewrites docs/benchmarks.md with what it keeps. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FAMILIES } from "./families.ts";
import type { Family } from "./family.ts";
import { isMet } from "./figure.ts";
import { type Options, readOptions, usage } from "./options.ts";
import { PROJECT } from "./processes.ts";
import { figureLine, renderReport } from "./report.ts";
import {
  describeMachine,
  describeVersions,
  type FamilyResult,
  mergeResults,
  type Results,
  readResults,
  writeResults,
} from "./results.ts";
import { renderChart } from "./svg-chart.ts";

const options = parse();
const results = options.isRenderOnly ? {} : await measure(options);
if (options.docs !== null) rewrite(options.docs, results);
const figures = Object.values(results).flatMap((result) => result.figures);
const missed = figures.filter((figure) => isMet(figure) === false).length;
if (figures.length > 0) console.log(`\n${figures.length} figures, ${missed} goals missed`);
const isComplete = options.isRenderOnly || Object.keys(results).length === options.families.length;
process.exit(missed === 0 && isComplete ? 0 : 1);

function parse(): Options {
  try {
    const given = readOptions(process.argv.slice(2), join(PROJECT, "docs"));
    if (given !== null) return given;
    console.log(usage());
    process.exit(0);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(2);
  }
}

/** One after the other; what fails is said and left out, the others go on. */
async function measure({ families, docs, ...effort }: Options): Promise<Results> {
  const { rounds, seconds, isQuick } = effort;
  const command = ["scripts/bench", ...process.argv.slice(2)].join(" ");
  const [machine, versions] = [describeMachine(), await describeVersions()];
  let done: Results = {};
  for (const [index, family] of families.entries()) {
    console.log(`\n${family.name} (${index + 1} of ${families.length}): ${family.about}`);
    const startedAt = performance.now();
    try {
      const outcome = await run(family, effort);
      const measuredAt = new Date().toISOString();
      const result: FamilyResult = {
        measuredAt,
        command,
        rounds,
        seconds,
        isQuick,
        machine,
        versions,
        ...outcome,
      };
      done = { ...done, [family.name]: result };
      // At once, so that what is cut off later has not been in vain.
      if (docs !== null) rewrite(docs, done);
      for (const figure of outcome.figures) console.log(`  ${figureLine(figure)}`);
    } catch (error) {
      console.log(`  FAILED  ${error instanceof Error ? error.message : error}`);
    }
    console.log(`  ${((performance.now() - startedAt) / 1000).toFixed(0)} s`);
  }
  return done;
}

function run(family: Family, effort: Pick<Options, "rounds" | "seconds" | "isQuick">) {
  return family.run({ ...effort, say: (line) => process.stderr.write(`  ${family.name}: ${line}\n`) });
}

function rewrite(docs: string, now: Results): void {
  const images = join(docs, "images");
  mkdirSync(images, { recursive: true });
  const file = join(docs, "benchmarks.json");
  const all = mergeResults(
    readResults(file),
    now,
    FAMILIES.map(({ name }) => name),
  );
  writeResults(file, all);
  writeFileSync(join(docs, "benchmarks.md"), renderReport(all));
  for (const { plots = [] } of Object.values(all)) {
    for (const { file: name, chart } of plots) writeFileSync(join(images, `${name}.svg`), renderChart(chart));
  }
}
