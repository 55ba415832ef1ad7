import { useEffect, useRef } from "preact/hooks";
import { useMayChange } from "../../access.ts";
import type { Page } from "../../listing.ts";
import { useResource } from "../../resource.ts";
import { tell } from "../../toasts.tsx";
import { t } from "../../words/words.ts";
import { type BulkJob, RUNNING_JOBS_PATH, readJob } from "./dead-letter-data.ts";
import { bulkTitle, countsText, JobBar, stopBulk } from "./job-progress.tsx";

interface RunningJobsProps {
  readonly onShow: (job: BulkJob) => void;
  /** One that was running is not any more. */
  readonly onEnded: () => void;
}

const EVERY_MS = 1000;

/** A line per job that is running, whoever began it, in which window: the service knows them all. */
export function RunningJobs({ onShow, onEnded }: RunningJobsProps) {
  const { data, reload } = useResource<Page<BulkJob>>(RUNNING_JOBS_PATH, EVERY_MS);
  const mayChange = useMayChange();
  const before = useRef<readonly BulkJob[]>([]);
  // what was there the last time and is not now has ended
  useEffect(() => {
    if (data === null) return;
    const ended = before.current.filter(({ id }) => data.items.every((job) => job.id !== id));
    before.current = data.items;
    for (const job of ended) void tellEnd(job);
    if (ended.length > 0) onEnded();
  }, [data]);
  const stop = async (job: BulkJob) => {
    await stopBulk(job);
    reload();
  };
  return (
    <>
      {(data?.items ?? []).map((job) => (
        <section key={job.id} class="note job" aria-label={t("dead.job", { id: job.id })}>
          <p>
            <b>{bulkTitle(job.action)}</b> · {countsText(job, job.matched)}
          </p>
          <JobBar title={bulkTitle(job.action)} job={job} of={job.matched} />
          <button type="button" class="button" onClick={() => onShow(job)}>
            {t("dead.show")}
          </button>
          <button type="button" class="button" disabled={!mayChange} onClick={() => void stop(job)}>
            {t("dead.stop")}
          </button>
        </section>
      ))}
    </>
  );
}

/** With what it came to: the last count that was seen here is older than its end. */
async function tellEnd({ action, id }: BulkJob): Promise<void> {
  const result = await readJob(action, id);
  if (result.kind !== "ok") return;
  const job = result.data;
  const end = t(job.status === "done" ? "dead.jobDone" : "dead.jobStopped");
  tell("good", `${bulkTitle(action)}: ${countsText(job, job.matched)}. ${end}`);
}
