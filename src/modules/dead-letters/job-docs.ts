import {
  CREATING_ANSWERS,
  IDEMPOTENCY_KEY,
  jsonAnswer,
  PAGE_PARAMETERS,
  pathParameter,
  problemAnswer,
} from "../../http/route-docs.ts";
import { ADMIN_ANSWERS, MOMENT, SOURCE, TAGS } from "./docs.ts";
import { JOB_STATES, type JobAction } from "./table.ts";

/** What the OpenAPI document says of jobs: requeues and discards of all letters that match. */
const ID = [pathParameter("id", { type: "integer" })];

const BULK_BODY = {
  required: true,
  content: {
    "application/json": {
      schema: {
        type: "object" as const,
        properties: {
          filter: {
            type: "object" as const,
            properties: { source: SOURCE, code: { type: "string" as const }, from: MOMENT, to: MOMENT },
          },
          dryRun: { type: "boolean" as const, default: false },
          perSecond: { type: "integer" as const, minimum: 1, maximum: 1000, default: 100 },
        },
      },
      example: { filter: { source: "payments", code: "http_400" }, dryRun: true, perSecond: 50 },
    },
  },
};

interface JobWords {
  readonly action: JobAction;
  /** The action with its article, as in "how far … has come". */
  readonly name: string;
  readonly verb: string;
  readonly description: string;
  readonly cancelled: string;
  /** The counts of a job that is over. */
  readonly counts: Readonly<Record<string, number>>;
}

function docsOf({ action, name, verb, description, cancelled, counts }: JobWords) {
  const job = {
    id: 1,
    action,
    status: "done",
    matched: 120,
    ...counts,
    perSecond: 100,
    startedAt: "2025-07-15T12:40:00.000Z",
    endedAt: "2025-07-15T12:40:01.250Z",
  };
  return {
    start: {
      tags: TAGS,
      summary: `${verb} all that match (administrator)`,
      description: `Goes on in the background at \`perSecond\` (100), also over restarts. \`dryRun\` only counts. ${description}`,
      parameters: [IDEMPOTENCY_KEY],
      requestBody: BULK_BODY,
      responses: {
        200: jsonAnswer("Counted.", { dryRun: true, matched: 120, bySource: { payments: 120 } }),
        202: jsonAnswer("Started.", { id: 1, status: "running", matched: 120 }),
        ...ADMIN_ANSWERS,
        ...CREATING_ANSWERS,
      },
    },
    job: {
      tags: TAGS,
      summary: `How far ${name} of many has come`,
      parameters: ID,
      responses: { 200: jsonAnswer("The job.", job), 404: problemAnswer("There is no such job.") },
    },
    cancel: {
      tags: TAGS,
      summary: `Stop ${name} of many (administrator)`,
      description: cancelled,
      parameters: ID,
      responses: {
        200: jsonAnswer("Stopped.", { ...job, status: "cancelled" }),
        ...ADMIN_ANSWERS,
        404: problemAnswer("There is no such job that is running."),
      },
    },
  };
}

const byAction: Readonly<Record<JobAction, ReturnType<typeof docsOf>>> = {
  requeue: docsOf({
    action: "requeue",
    name: "a requeue",
    verb: "Requeue",
    description:
      "What a letter's section refuses stays in the list; orders do, because they need a card each.",
    cancelled: "What was requeued stays requeued.",
    counts: { requeued: 118, refused: 2 },
  }),
  discard: docsOf({
    action: "discard",
    name: "a discard",
    verb: "Delete",
    description: "Each letter that is deleted is in the audit log; what it was about stays as it ended.",
    cancelled: "What was deleted stays deleted.",
    counts: { discarded: 120, refused: 0 },
  }),
};

export const jobDocs = {
  ...byAction,
  list: {
    tags: TAGS,
    summary: "Requeues and discards of many, the latest first",
    parameters: [
      {
        name: "status",
        in: "query" as const,
        schema: { type: "string" as const, enum: [...JOB_STATES] },
        example: "running",
      },
      ...PAGE_PARAMETERS,
    ],
    responses: {
      200: jsonAnswer("A page.", {
        items: [
          {
            id: 2,
            action: "requeue",
            status: "running",
            matched: 120,
            done: 40,
            refused: 1,
            perSecond: 100,
            startedAt: "2025-07-15T12:40:00.000Z",
            endedAt: null,
          },
        ],
        next: null,
      }),
      422: problemAnswer("A parameter is not valid."),
    },
  },
};
