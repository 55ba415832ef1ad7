import { DEAD_LETTER_SOURCES, isDeadLetterSource } from "../../domain/dead-letter.ts";
import { parseFrom, parseTo } from "../../domain/timestamp.ts";
import type { FieldError } from "../../http/errors.ts";
import { parseWhole, readPage } from "../../http/paging.ts";
import { fieldsOf, invalid, NOT_AN_OBJECT, type ReadResult, valid } from "../../http/read-result.ts";
import type { DeadLetterFilter } from "./filter-queries.ts";
import type { DeadLetterCursor } from "./queries.ts";
import { JOB_STATES, type JobStatus } from "./table.ts";

export interface BulkRequest {
  readonly filter: DeadLetterFilter;
  readonly dryRun: boolean;
  readonly perSecond: number;
}

const PER_SECOND_DEFAULT = 100;
const PER_SECOND_MAX = 1000;
const CODE_LENGTH_MAX = 64;

/** Reads `{source, code, from, to}` of a query or a body; what is missing or empty does not matter. */
export function readFilter(
  fields: Readonly<Record<string, unknown>>,
  prefix: string,
): ReadResult<DeadLetterFilter> {
  const errors: FieldError[] = [];
  const read = <Value>(
    name: string,
    parse: (text: string) => Value | null,
    message: string,
  ): Value | null => {
    const value = fields[name];
    if (value === undefined || value === null || value === "") return null;
    const parsed = typeof value === "string" ? parse(value) : null;
    if (parsed === null) errors.push({ path: `${prefix}${name}`, message });
    return parsed;
  };
  const moment = "must be an ISO 8601 date-time such as 2025-07-15T12:34:56.000Z";
  const filter = {
    source: read(
      "source",
      (text) => (isDeadLetterSource(text) ? text : null),
      `must be one of ${DEAD_LETTER_SOURCES.join(", ")}`,
    ),
    code: read("code", (text) => (text.length <= CODE_LENGTH_MAX ? text : null), "must be an error code"),
    fromMs: read("from", parseFrom, moment),
    toMs: read("to", parseTo, moment),
  };
  return errors.length > 0 ? invalid(...errors) : valid(filter);
}

/** Reads `{filter: {source, code, from, to}, dryRun, perSecond}`; everything may be missing. */
export function readBulkRequest(body: unknown): ReadResult<BulkRequest> {
  const fields = fieldsOf(body);
  if (fields === null) return NOT_AN_OBJECT;
  const { dryRun = false, perSecond = PER_SECOND_DEFAULT, filter = {} } = fields;
  const errors: FieldError[] = [];
  const filterFields = fieldsOf(filter);
  const read = filterFields === null ? null : readFilter(filterFields, "filter.");
  if (read === null) errors.push({ path: "filter", message: "must be an object" });
  if (read?.kind === "invalid") errors.push(...read.errors);
  if (typeof dryRun !== "boolean") errors.push({ path: "dryRun", message: "must be true or false" });
  const isPace =
    typeof perSecond === "number" &&
    Number.isInteger(perSecond) &&
    perSecond >= 1 &&
    perSecond <= PER_SECOND_MAX;
  if (!isPace) {
    errors.push({ path: "perSecond", message: `must be a whole number from 1 to ${PER_SECOND_MAX}` });
  }
  if (errors.length > 0 || read?.kind !== "valid" || typeof dryRun !== "boolean" || !isPace) {
    return invalid(...errors);
  }
  return valid({ filter: read.value, dryRun, perSecond });
}

/** What a listing of jobs is asked for. */
export interface JobsPage {
  /** Null: any. */
  readonly status: JobStatus | null;
  readonly limit: number;
  /** The id behind which it goes on; null: from the latest. */
  readonly after: number | null;
}

/** Reads `{status, limit, cursor}` of a query. */
export function readJobsPage({
  status: name,
  limit,
  cursor,
}: Readonly<Record<string, string | undefined>>): ReadResult<JobsPage> {
  const status = name === undefined || name === "" ? null : JOB_STATES.find((known) => known === name);
  if (status === undefined) {
    return invalid({ path: "status", message: `must be one of ${JOB_STATES.join(", ")}` });
  }
  const page = readPage({ limit, cursor }, parseWhole);
  if (page.kind === "invalid") return invalid(...page.errors);
  return valid({ status, limit: page.limit, after: page.after });
}

/** A cursor is `diedAtMs.id`. */
export function parseCursor(text: string): DeadLetterCursor | null {
  const [, diedAt, id] = /^(\d{1,15})\.(\d{1,15})$/.exec(text) ?? [];
  return diedAt === undefined || id === undefined ? null : { diedAtMs: Number(diedAt), id: Number(id) };
}

export function formatCursor({ diedAtMs, id }: DeadLetterCursor): string {
  return `${diedAtMs}.${id}`;
}
