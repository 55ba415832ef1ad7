import { formatDuration, formatMoney, formatTime } from "../format.ts";
import {
  type AttemptEntry,
  isAttempt,
  type NextAttempt,
  type TimelineEntry,
} from "../pages/payments/payment-data.ts";
import { eventName, stateName, t, upstreamName } from "../words/words.ts";

const TONES: Readonly<Record<string, string>> = {
  settled: "good",
  completed: "good",
  succeeded: "good",
  success: "good",
  authorized: "good",
  dead: "bad",
  died: "bad",
  failed: "bad",
  rejected: "bad",
  declined: "bad",
  unknown: "warn",
  refused: "warn",
};

interface TimelineProps {
  readonly entries: readonly TimelineEntry[];
  /** Calls that were made; those that are not among the entries were only counted. */
  readonly attempts?: number;
  readonly next?: NextAttempt | null;
}

/** Everything that happened to a payment, in its order, with the time between, and what is to happen next. */
export function Timeline({ entries, attempts = 0, next = null }: TimelineProps) {
  const onlyCounted = attempts - entries.filter(isAttempt).length;
  return (
    <ol class="timeline">
      {entries.map((entry, index) => {
        const { at, event } = entry;
        const before = entries[index - 1];
        const gapMs = before === undefined ? null : Date.parse(at) - Date.parse(before.at);
        const key = `${at}-${index}`;
        return isAttempt(entry) ? (
          <Attempt key={key} attempt={entry} gapMs={gapMs} />
        ) : (
          <li key={key} class={TONES[event.toLowerCase()] ?? ""}>
            <p>
              <b>{eventName(event)}</b>
              {entry.code === undefined ? null : <code>{entry.code}</code>}
              {entry.amount === undefined ? null : <span>{formatMoney(entry.amount)}</span>}
            </p>
            <p class="soft">
              <Moment at={at} gapMs={gapMs} />
              {entry.detail === undefined ? "" : ` · ${entry.detail}`}
            </p>
          </li>
        );
      })}
      {onlyCounted > 0 ? (
        <li>
          <p class="soft">{t("timeline.onlyCounted", { count: onlyCounted })}</p>
        </li>
      ) : null}
      {next === null ? null : <NextRun next={next} />}
    </ol>
  );
}

/** Who was called, what came of it, how long it took, and how the answer began. */
function Attempt({ attempt, gapMs }: { readonly attempt: AttemptEntry; readonly gapMs: number | null }) {
  const { at, event, upstream, isLookup, outcome, code, status, latencyMs, excerpt } = attempt;
  return (
    <li class={TONES[outcome] ?? ""}>
      <p>
        <b>{eventName(isLookup ? "lookup" : event)}</b>
        {upstream === null ? null : <span class={`chip ${upstream}`}>{upstreamName(upstream)}</span>}
        <span>{stateName(outcome)}</span>
        {code === null ? null : <code>{code}</code>}
      </p>
      <p class="soft">
        <Moment at={at} gapMs={gapMs} />
        {latencyMs === null ? "" : ` · ${t("timeline.took", { value: formatDuration(latencyMs) })}`}
        {status === null ? "" : ` · HTTP ${status}`}
        {status === null && outcome === "settled" ? ` · ${t("timeline.answerNotKept")}` : ""}
      </p>
      {excerpt === null ? null : (
        <pre class="excerpt" title={t("timeline.excerpt")}>
          {excerpt}
        </pre>
      )}
    </li>
  );
}

/** When it was, and how long after what was before it. */
function Moment({ at, gapMs }: { readonly at: string; readonly gapMs: number | null }) {
  return (
    <>
      <time dateTime={at}>{formatTime(at)}</time>
      {gapMs === null ? "" : ` · +${formatDuration(gapMs)}`}
    </>
  );
}

function NextRun({ next: { at, replica } }: { readonly next: NextAttempt }) {
  const inMs = Date.parse(at) - Date.now();
  return (
    <li class="next">
      <p>
        <b>{eventName("retry")}</b>
        <span>{inMs > 0 ? t("timeline.in", { value: formatDuration(inMs) }) : t("timeline.due")}</span>
      </p>
      <p class="soft">
        <time dateTime={at}>{formatTime(at)}</time>
        {replica === null ? "" : ` · ${t("timeline.inHand", { name: replica })}`}
      </p>
    </li>
  );
}
