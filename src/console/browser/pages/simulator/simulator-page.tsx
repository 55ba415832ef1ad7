import { Failure, Skeleton } from "../../components/feedback.tsx";
import { PageHead } from "../../components/page-head.tsx";
import { ReadOnlyNote } from "../../components/read-only-note.tsx";
import { formatCount } from "../../format.ts";
import { PROCESSORS, useReplicaState } from "../../replica-state.ts";
import { t } from "../../words/words.ts";
import { ThroughputChart } from "../overview/charts.tsx";
import { useHistory } from "../overview/overview-data.ts";
import { useSimulatorState } from "./simulator-state.ts";
import { Traffic } from "./traffic.tsx";
import { OtherUpstreams, ProcessorPanel } from "./upstream-panels.tsx";

/** Break the processors, send payments, and watch none of them be lost. */
export function SimulatorPage() {
  const { data: state, failure } = useReplicaState();
  const { switches, turn, failure: switchFailure, reload } = useSimulatorState();
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
            {switches === null
              ? null
              : PROCESSORS.map((name) => (
                  <ProcessorPanel key={name} name={name} state={state} switches={switches} turn={turn} />
                ))}
          </div>
        </>
      )}
      {history === null ? null : <ThroughputChart times={history.times} series={history.series} />}
      {switchFailure === null || failure !== null ? null : <Failure result={switchFailure} retry={reload} />}
      {switches === null ? null : <OtherUpstreams switches={switches} turn={turn} />}
    </>
  );
}
