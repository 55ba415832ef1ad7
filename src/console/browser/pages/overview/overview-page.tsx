import { useCell } from "../../cell.ts";
import { Failure, Skeleton } from "../../components/feedback.tsx";
import { PageHead } from "../../components/page-head.tsx";
import { useReplicaState } from "../../replica-state.ts";
import { linkTo, route } from "../../route.ts";
import { t } from "../../words/words.ts";
import { Charts } from "./charts.tsx";
import { EventFeed } from "./event-feed.tsx";
import { Figures } from "./figures.tsx";
import { RANGES, type Range, readRange, useHistory } from "./overview-data.ts";
import { ProcessorCards } from "./processor-cards.tsx";
import { Replicas } from "./replicas.tsx";

/** What the gateway does now, and did before. */
export function OverviewPage() {
  const range = readRange(useCell(route).filters.get("range"));
  const { history, failure } = useHistory(range);
  const { data: state, failure: stateFailure } = useReplicaState();
  const failed = failure ?? stateFailure;
  return (
    <>
      <PageHead title={t("overview.title")}>
        <RangeLinks range={range} />
      </PageHead>
      {failed === null ? null : <Failure result={failed} />}
      {history === null || state === null ? (
        failed === null && <Skeleton rows={8} />
      ) : (
        <>
          <Figures history={history} state={state} />
          <ProcessorCards state={state} />
          <Charts history={history} />
          <div class="two-columns">
            <EventFeed />
            <Replicas state={state} />
          </div>
        </>
      )}
    </>
  );
}

function RangeLinks({ range }: { readonly range: Range }) {
  return (
    <nav class="segments" aria-label={t("overview.range")}>
      {Object.keys(RANGES).map((name) => (
        <a key={name} href={linkTo("overview", null, { range: name })} aria-current={name === range}>
          {name}
        </a>
      ))}
    </nav>
  );
}
