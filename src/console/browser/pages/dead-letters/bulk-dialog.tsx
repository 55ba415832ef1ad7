import { useEffect, useRef, useState } from "preact/hooks";
import { Dialog } from "../../components/dialog.tsx";
import { Skeleton } from "../../components/feedback.tsx";
import { formatCount } from "../../format.ts";
import { tellFailure } from "../../toasts.tsx";
import { t } from "../../words/words.ts";
import {
  type BulkAction,
  type BulkJob,
  countMatches,
  type DeadLetterFilter,
  doneBy,
  readJob,
  startJob,
  stopJob,
} from "./dead-letter-data.ts";

interface BulkDialogProps {
  readonly action: BulkAction;
  readonly filter: DeadLetterFilter;
  readonly onClose: () => void;
}

const PER_SECOND = 100;
const POLL_MS = 300;

/** Counts what matches, asks, and shows how far it has come. The service does it, whether somebody watches or not. */
export function BulkDialog({ action, filter, onClose }: BulkDialogProps) {
  const [matched, setMatched] = useState<number | null>(null);
  const [isStarted, setStarted] = useState(false);
  const [job, setJob] = useState<BulkJob | null>(null);
  const isClosed = useRef(false);
  // counted once, when the dialog opens
  useEffect(() => {
    void countMatches(filter).then((result) => {
      if (result.kind === "ok") return setMatched(result.data.matched);
      tellFailure(result);
      onClose();
    });
    return () => {
      isClosed.current = true;
    };
  }, []);
  const start = async () => {
    setStarted(true);
    const started = await startJob(action, filter, PER_SECOND);
    if (started.kind !== "ok") {
      tellFailure(started);
      return setStarted(false);
    }
    await watch(action, started.data.id, setJob, () => isClosed.current);
  };
  const stop = async (id: number) => {
    const result = await stopJob(action, id);
    if (result.kind !== "ok") tellFailure(result);
  };
  const title = action === "requeue" ? t("dead.requeueAll") : t("dead.discardAll");
  const ask = action === "requeue" ? "dead.requeueAllAsk" : "dead.discardAllAsk";
  return (
    <Dialog title={title} onClose={onClose}>
      {matched === null ? <Skeleton rows={2} /> : <p>{t(ask, { count: formatCount(matched) })}</p>}
      {isStarted ? <Progress title={title} job={job} of={job?.matched ?? matched ?? 0} /> : null}
      <div class="dialog-actions">
        <button type="button" class="button" onClick={onClose}>
          {isStarted ? t("action.close") : t("action.cancel")}
        </button>
        {job?.status === "running" ? (
          <button type="button" class="button" onClick={() => void stop(job.id)}>
            {t("dead.stop")}
          </button>
        ) : null}
        {isStarted ? null : (
          <button
            type="button"
            class={`button ${action === "discard" ? "danger" : "primary"}`}
            disabled={matched === null || matched === 0}
            onClick={() => void start()}
          >
            {title}
          </button>
        )}
      </div>
    </Dialog>
  );
}

interface ProgressProps {
  readonly title: string;
  readonly job: BulkJob | null;
  readonly of: number;
}

function Progress({ title, job, of }: ProgressProps) {
  const done = job === null ? 0 : doneBy(job);
  const refused = job?.refused ?? 0;
  // Some may have gone in another way since they were counted: what is over is full.
  const value = job?.status === "done" ? of : done + refused;
  const counts = { done: formatCount(done), refused: formatCount(refused), of: formatCount(of) };
  return (
    <div role="status">
      <progress max={Math.max(of, 1)} value={value} aria-label={title} />
      <p>{t("dead.progress", counts)}</p>
      {job === null || job.status === "running" ? (
        <p class="hint">{t("dead.goesOn")}</p>
      ) : (
        <p class="hint">{t(job.status === "done" ? "dead.jobDone" : "dead.jobStopped")}</p>
      )}
    </div>
  );
}

async function watch(
  action: BulkAction,
  id: number,
  show: (job: BulkJob) => void,
  isClosed: () => boolean,
): Promise<void> {
  while (!isClosed()) {
    const job = await readJob(action, id);
    if (job.kind !== "ok") return tellFailure(job);
    show(job.data);
    if (job.data.status !== "running") return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
