/** `catraca audit`: compares database, Redis and processors; 1 if anything differs, 2 if something could not be compared. */
import { existsSync } from "node:fs";
import { type AuditOptions, audit } from "../audit/audit.ts";
import { renderReport, reportJson, resultOf } from "../audit/audit-report.ts";
import { type OpenDatabase, openReader } from "../store/database.ts";
import { SCHEMA_VERSION, schemaVersionOf } from "../store/migrations.ts";
import { type CommandContext, EXIT } from "./command.ts";

/** Payments asked for when nobody says how many: a thousand calls, seconds at any processor. */
const SAMPLE_DEFAULT = 500;
const SAMPLE_MAX = 100_000;
const SEED_MAX = 2 ** 32 - 1;

/** Differences are 1, also if something else could not be compared; not knowing is no 0. */
const EXIT_OF = { agrees: EXIT.ok, differs: EXIT.failure, incomplete: EXIT.incomplete } as const;

export async function run({ settings, options, print }: CommandContext): Promise<number> {
  const read = readOptions(options);
  if (typeof read === "string") {
    print(read);
    return EXIT.usage;
  }
  const opened = open(settings.databaseFile);
  if (typeof opened === "string") {
    print(
      options.has("--json") ? JSON.stringify({ result: "incomplete", reason: opened }) : `audit: ${opened}`,
    );
    return EXIT.incomplete;
  }
  try {
    const report = await audit(opened, settings, read);
    for (const line of options.has("--json") ? [reportJson(report)] : renderReport(report)) print(line);
    return EXIT_OF[resultOf(report)];
  } finally {
    opened.sqlite.close();
  }
}

function readOptions(options: CommandContext["options"]): AuditOptions | string {
  const sample = wholeNumber(options.get("--sample"), SAMPLE_DEFAULT, SAMPLE_MAX);
  if (sample === null) return `--sample: expected a whole number up to ${SAMPLE_MAX}, or use --all`;
  const seed = wholeNumber(options.get("--seed"), Math.floor(Math.random() * SEED_MAX), SEED_MAX);
  if (seed === null) return `--seed: expected a whole number up to ${SEED_MAX}`;
  const processorToken = options.get("--processor-token") ?? null;
  return { processorToken, sample: options.has("--all") ? "all" : sample, seed };
}

function wholeNumber(text: string | undefined, absent: number, max: number): number | null {
  if (text === undefined) return absent;
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  return value <= max ? value : null;
}

/** The database, or why it cannot be audited. */
function open(file: string): OpenDatabase | string {
  if (!existsSync(file)) return `there is no database at ${file}`;
  let database: OpenDatabase;
  let found: number;
  try {
    database = openReader(file);
    found = schemaVersionOf(database.sqlite);
  } catch (error) {
    return `${file} is not a usable database: ${error instanceof Error ? error.message : String(error)}`;
  }
  if (found === SCHEMA_VERSION) return database;
  database.sqlite.close();
  if (found > SCHEMA_VERSION) {
    return `${file} has schema version ${found}, this executable knows up to ${SCHEMA_VERSION}: use the newer one`;
  }
  return `${file} has schema version ${found}, this executable audits ${SCHEMA_VERSION}: start the gateway on it once`;
}
