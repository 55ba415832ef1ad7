import { formatDuration, formatMoney, formatTime } from "../format.ts";
import type { TimelineEntry } from "../pages/payments/payment-data.ts";
import { eventName, stateName, t } from "../words/words.ts";

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

/** Everything that happened to a payment, in its order, with the time between. */
export function Timeline({ entries }: { readonly entries: readonly TimelineEntry[] }) {
  return (
    <ol class="timeline">
      {entries.map((entry, index) => {
        const { at, event, processor, outcome, code, latencyMs, amount, detail } = entry;
        const before = entries[index - 1];
        const gap = before === undefined ? null : Date.parse(at) - Date.parse(before.at);
        return (
          <li key={`${at}-${index}`} class={TONES[outcome ?? event] ?? ""}>
            <p>
              <b>{eventName(event)}</b>
              {processor === undefined ? null : <span class={`chip ${processor}`}>{processor}</span>}
              {outcome === undefined ? null : <span>{stateName(outcome)}</span>}
              {code === undefined ? null : <code>{code}</code>}
              {amount === undefined ? null : <span>{formatMoney(amount)}</span>}
            </p>
            <p class="soft">
              <time dateTime={at}>{formatTime(at)}</time>
              {gap === null ? "" : ` · +${formatDuration(gap)}`}
              {latencyMs === undefined
                ? ""
                : ` · ${t("timeline.took", { value: formatDuration(latencyMs) })}`}
              {detail === undefined ? "" : ` · ${detail}`}
            </p>
          </li>
        );
      })}
    </ol>
  );
}
