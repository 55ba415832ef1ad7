import { useEffect, useRef, useState } from "preact/hooks";
import { useMayChange } from "../../access.ts";
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
  readJob,
  startJob,
} from "./dead-letter-data.ts";
import { bulkTitle, JobProgress, stopBulk } from "./job-progress.tsx";

/** What is asked about, or a job that was begun before, here or elsewhere. */
export type BulkSubject =
  | { readonly kind: "question"; readonly action: BulkAction; readonly filter: DeadLetterFilter }
  | { readonly kind: "job"; readonly action: BulkAction; readonly job: BulkJob };

interface BulkDialogProps {
  readonly subject: BulkSubject;
  readonly onClose: () => void;
}

const PER_SECOND = 100;
const POLL_MS = 300;

/** Counts what matches, asks, and shows how far it has come. The service does it, whether somebody watches or not. */
export function BulkDialog({ subject, onClose }: BulkDialogProps) {
  const { action } = subject;
  const [matched, setMatched] = useState<number | null>(null);
  const [isStarted, setStarted] = useState(subject.kind === "job");
  const [job, setJob] = useState<BulkJob | null>(subject.kind === "job" ? subject.job : null);
  const isClosed = useRef(false);
  const watchJob = (id: number) => watch(action, id, setJob, () => isClosed.current);
  // counted once, when the dialog opens
  useEffect(() => {
    if (subject.kind === "job") void watchJob(subject.job.id);
    else {
      void countMatches(subject.filter).then((result) => {
        if (result.kind === "ok") return setMatched(result.data.matched);
        tellFailure(result);
        onClose();
      });
    }
    return () => {
      isClosed.current = true;
    };
  }, []);
  const start = async () => {
    if (subject.kind === "job") return;
    setStarted(true);
    const started = await startJob(action, subject.filter, PER_SECOND);
    if (started.kind !== "ok") {
      tellFailure(started);
      return setStarted(false);
    }
    await watchJob(started.data.id);
  };
  const mayChange = useMayChange();
  const title = bulkTitle(action);
  return (
    <Dialog title={title} onClose={onClose}>
      {subject.kind === "job" ? null : <Question action={action} matched={matched} />}
      {isStarted ? <JobProgress title={title} job={job} of={job?.matched ?? matched ?? 0} /> : null}
      <div class="dialog-actions">
        <button type="button" class="button" onClick={onClose}>
          {isStarted ? t("action.close") : t("action.cancel")}
        </button>
        {job?.status === "running" ? (
          <button type="button" class="button" disabled={!mayChange} onClick={() => void stopBulk(job)}>
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

interface QuestionProps {
  readonly action: BulkAction;
  readonly matched: number | null;
}

function Question({ action, matched }: QuestionProps) {
  if (matched === null) return <Skeleton rows={2} />;
  const ask = action === "requeue" ? "dead.requeueAllAsk" : "dead.discardAllAsk";
  return <p>{t(ask, { count: formatCount(matched) })}</p>;
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
