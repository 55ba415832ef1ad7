import { FigureTile } from "../../components/figure-tile.tsx";
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatMoney,
  formatNumber,
  formatShare,
} from "../../format.ts";
import type { ReplicaState } from "../../replica-state.ts";
import { t } from "../../words/words.ts";
import type { History, SeriesName } from "./overview-data.ts";

/** Longer than this, and the oldest task is worth a look. */
const OLD_SECONDS = 10;

/** The figures above the charts. */
export function Figures({ history, state }: { readonly history: History; readonly state: ReplicaState }) {
  const now = (name: SeriesName) => newest(history.series[name]);
  const settled = now("settledDefault") + now("settledFallback");
  const failed = now("failedAttempts");
  const { queue, totals, memory, dispatch } = state;
  const oldest = queue.oldestSeconds;
  return (
    <dl class="tiles">
      <FigureTile
        label={t("figure.accepted")}
        value={formatNumber(now("accepted"))}
        note={t("figure.sinceStart", { count: formatCount(totals.accepted) })}
      />
      <FigureTile
        label={t("figure.settled")}
        value={formatNumber(settled)}
        note={t("figure.inAll", { count: formatCount(totals.count) })}
      />
      <FigureTile
        label={t("figure.failed")}
        value={formatNumber(failed)}
        note={t("figure.dead", { count: formatCount(totals.dead) })}
        tone={failed > 0 ? "warn" : undefined}
      />
      <FigureTile
        label={t("figure.latency")}
        value={duration(history.series.acceptP99Ms)}
        note={t("figure.median", { value: duration(history.series.acceptP50Ms) })}
      />
      <FigureTile
        label={t("figure.queue")}
        value={formatCount(queue.depth)}
        note={t("figure.oldest", { value: formatDuration(oldest * 1000) })}
        tone={oldest > OLD_SECONDS ? "warn" : undefined}
      />
      <FigureTile
        label={t("figure.fees")}
        value={formatMoney(totals.fees)}
        note={t("figure.feeShare", { share: formatShare(totals.feeShareEffective ?? 0) })}
      />
      <FigureTile
        label={t("figure.memory")}
        value={formatBytes(memory.residentBytes)}
        note={t("figure.inFlight", { count: formatCount(dispatch.inFlight) })}
      />
    </dl>
  );
}

/** The last step is still growing: the one before it is the newest whole one. */
function newest(values: readonly (number | null)[]): number {
  return values.at(-2) ?? 0;
}

function duration(values: readonly (number | null)[]): string {
  const value = values.slice(-30).findLast((candidate) => candidate !== null);
  return value === null || value === undefined ? "–" : formatDuration(value);
}
