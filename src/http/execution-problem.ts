import type { Execution } from "../engine/intake.ts";
import { problem } from "./errors.ts";

/** Seconds after which what made the queue full or the disk unwritable may be over. */
export const RETRY_LATER = { "retry-after": "1" };

/** The error answer for a command that was not carried out, or null if it was. */
export function executionProblem(execution: Execution): Response | null {
  switch (execution.kind) {
    case "busy":
      return problem("QUEUE_FULL", { headers: RETRY_LATER });
    case "late":
      return problem("OUTCOME_TIMEOUT", { headers: RETRY_LATER });
    case "done":
      return execution.reply.kind === "bug" ? problem("INTERNAL") : null;
  }
}
