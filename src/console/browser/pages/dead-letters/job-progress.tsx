import { formatCount } from "../../format.ts";
import { tellFailure } from "../../toasts.tsx";
import { t } from "../../words/words.ts";
import { type BulkAction, type BulkJob, doneBy, stopJob } from "./dead-letter-data.ts";

export const bulkTitle = (action: BulkAction): string =>
  t(action === "requeue" ? "dead.requeueAll" : "dead.discardAll");

/** "40 of 120 done, 1 refused". @param of how many there are */
export function countsText(job: BulkJob | null, of: number): string {
  const [done, refused] = [job === null ? 0 : doneBy(job), job?.refused ?? 0];
  return t("dead.progress", { done: formatCount(done), refused: formatCount(refused), of: formatCount(of) });
}

interface JobBarProps {
  readonly title: string;
  /** Null: it is about to begin. */
  readonly job: BulkJob | null;
  readonly of: number;
}

export function JobBar({ title, job, of }: JobBarProps) {
  // Some may have gone in another way since they were counted: what is over is full.
  const value = job === null ? 0 : job.status === "done" ? of : doneBy(job) + job.refused;
  return <progress max={Math.max(of, 1)} value={value} aria-label={title} />;
}

/** How far a job has come, and how it stands. */
export function JobProgress({ title, job, of }: JobBarProps) {
  const status = job?.status ?? "running";
  return (
    <div role="status">
      <JobBar title={title} job={job} of={of} />
      <p>{countsText(job, of)}</p>
      <p class="hint">
        {t(status === "running" ? "dead.goesOn" : status === "done" ? "dead.jobDone" : "dead.jobStopped")}
      </p>
    </div>
  );
}

export async function stopBulk({ action, id }: BulkJob): Promise<void> {
  const result = await stopJob(action, id);
  if (result.kind !== "ok") tellFailure(result);
}
