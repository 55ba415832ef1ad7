import { useEffect, useRef, useState } from "preact/hooks";
import { call } from "../../call.ts";
import { Dialog } from "../../components/dialog.tsx";
import { Skeleton } from "../../components/feedback.tsx";
import { formatCount } from "../../format.ts";
import type { Page } from "../../listing.ts";
import { tellFailure } from "../../toasts.tsx";
import { t } from "../../words/words.ts";
import {
  countMatches,
  type DeadLetter,
  type DeadLetterFilter,
  discardOne,
  listPath,
  readJob,
  requeueMany,
} from "./dead-letter-data.ts";

export type BulkAction = "requeue" | "discard";

interface Progress {
  readonly done: number;
  readonly refused: number;
  readonly of: number;
  readonly over: boolean;
}

interface BulkDialogProps {
  readonly action: BulkAction;
  readonly filter: DeadLetterFilter;
  readonly onClose: () => void;
}

const PER_SECOND = 100;
const POLL_MS = 300;

/** Counts what matches, asks, and shows how far it has come. Closing it stops a discard, but not a requeue. */
export function BulkDialog({ action, filter, onClose }: BulkDialogProps) {
  const [matched, setMatched] = useState<number | null>(null);
  const [progress, setProgress] = useState<Progress | null>(null);
  const closed = useRef(false);
  // counted once, when the dialog opens
  useEffect(() => {
    void countMatches(filter).then((result) => {
      if (result.kind === "ok") return setMatched(result.data.matched);
      tellFailure(result);
      onClose();
    });
    return () => {
      closed.current = true;
    };
  }, []);
  const start = async () => {
    const run = action === "requeue" ? requeueAll : discardAll;
    await run(filter, matched ?? 0, setProgress, () => closed.current);
  };
  const title = action === "requeue" ? t("dead.requeueAll") : t("dead.discardAll");
  const ask = action === "requeue" ? "dead.requeueAllAsk" : "dead.discardAllAsk";
  return (
    <Dialog title={title} onClose={onClose}>
      {matched === null ? <Skeleton rows={2} /> : <p>{t(ask, { count: formatCount(matched) })}</p>}
      {progress === null ? null : (
        <div role="status">
          <progress
            max={Math.max(progress.of, 1)}
            value={progress.done + progress.refused}
            aria-label={title}
          />
          <p>{t("dead.progress", { done: progress.done, refused: progress.refused, of: progress.of })}</p>
        </div>
      )}
      <div class="dialog-actions">
        <button type="button" class="button" onClick={onClose}>
          {progress === null ? t("action.cancel") : t("action.close")}
        </button>
        {progress === null ? (
          <button
            type="button"
            class={`button ${action === "discard" ? "danger" : "primary"}`}
            disabled={matched === null || matched === 0}
            onClick={start}
          >
            {title}
          </button>
        ) : null}
      </div>
    </Dialog>
  );
}

type Show = (progress: Progress) => void;

/** The service does it in the background, at a pace; here it is only watched. */
async function requeueAll(filter: DeadLetterFilter, of: number, show: Show, isClosed: () => boolean) {
  show({ done: 0, refused: 0, of, over: false });
  const started = await requeueMany(filter, PER_SECOND);
  if (started.kind !== "ok") return tellFailure(started);
  while (!isClosed()) {
    const job = await readJob(started.data.id);
    if (job.kind !== "ok") return tellFailure(job);
    const { requeued, refused, matched, status } = job.data;
    show({ done: requeued, refused, of: matched, over: status !== "running" });
    if (status !== "running") return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** One after the other: there is no call that discards many, and there should not be. */
async function discardAll(filter: DeadLetterFilter, of: number, show: Show, isClosed: () => boolean) {
  let done = 0;
  let refused = 0;
  show({ done, refused, of, over: false });
  const joint = listPath(filter).includes("?") ? "&" : "?";
  let cursor: string | null = "";
  while (cursor !== null) {
    const behind: string = cursor === "" ? "" : `&cursor=${cursor}`;
    const page = await call<Page<DeadLetter>>(`${listPath(filter)}${joint}limit=100${behind}`);
    if (page.kind !== "ok") return tellFailure(page);
    for (const { id } of page.data.items) {
      if (isClosed()) return;
      const result = await discardOne(id);
      if (result.kind === "ok") done++;
      else refused++;
      show({ done, refused, of: Math.max(of, done + refused), over: false });
    }
    cursor = page.data.next;
  }
  show({ done, refused, of: done + refused, over: true });
}
