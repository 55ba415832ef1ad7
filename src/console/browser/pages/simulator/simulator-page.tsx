import { Failure, Skeleton } from "../../components/feedback.tsx";
import { PageHead } from "../../components/page-head.tsx";
import { ReadOnlyNote } from "../../components/read-only-note.tsx";
import { formatCount } from "../../format.ts";
import { PROCESSORS, useReplicaState } from "../../replica-state.ts";
import { t } from "../../words/words.ts";
import { ThroughputChart } from "../overview/charts.tsx";
import { useHistory } from "../overview/overview-data.ts";
import { OtherUpstreams } from "./other-upstreams.tsx";
import { ProcessorPanel } from "./processor-panel.tsx";
import { Traffic } from "./traffic.tsx";

/** Break the processors, send payments, and watch none of them be lost. */
export function SimulatorPage() {
  const { data: state, failure } = useReplicaState();
  const { history } = useHistory("5m");
  return (
    <>
      <PageHead title={t("simulator.title")} intro={t("simulator.intro")} />
      <ReadOnlyNote />
      {failure === null ? null : <Failure result={failure} />}
      {state === null ? (
        failure === null && <Skeleton rows={6} />
      ) : (
        <>
          <p class="status-line" role="status" data-testid="queue">
            {t("simulator.waiting", {
              count: formatCount(state.queue.depth),
              dead: formatCount(state.totals.dead),
            })}
          </p>
          <div class="three-columns">
            <Traffic />
            {PROCESSORS.map((name) => (
              <ProcessorPanel key={name} name={name} state={state} />
            ))}
          </div>
        </>
      )}
      {history === null ? null : <ThroughputChart times={history.times} series={history.series} />}
      <OtherUpstreams />
    </>
  );
}
