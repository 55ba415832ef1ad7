import { formatCount, formatDuration, formatMoney, formatShare } from "../../format.ts";
import { PROCESSORS, type ProcessorName, type ReplicaState } from "../../replica-state.ts";
import { stateName, t } from "../../words/words.ts";

/** Both processors: how they are, what they took, what they cost. */
export function ProcessorCards({ state }: { readonly state: ReplicaState }) {
  const all = state.totals.count;
  return (
    <div class="processors">
      {PROCESSORS.map((name) => (
        <ProcessorCard key={name} name={name} state={state} share={share(state, name, all)} />
      ))}
    </div>
  );
}

function share(state: ReplicaState, name: ProcessorName, all: number): number {
  return all === 0 ? 0 : state.processors[name].settled.count / all;
}

interface ProcessorCardProps {
  readonly name: ProcessorName;
  readonly state: ReplicaState;
  readonly share: number;
}

function ProcessorCard({ name, state, share }: ProcessorCardProps) {
  const processor = state.processors[name];
  const { settled, attempts, feeShare, builtIn, url } = processor;
  return (
    <section class={`panel processor ${name}`} aria-label={t("processor.title", { name })}>
      <header>
        <h3>{name}</h3>
        <ProcessorSigns state={state} name={name} />
      </header>
      <div class="share" role="img" aria-label={t("processor.share", { share: formatShare(share) })}>
        <span style={{ width: `${share * 100}%` }} />
      </div>
      <dl class="facts">
        <dt>{t("processor.shareLabel")}</dt>
        <dd>{formatShare(share)}</dd>
        <dt>{t("processor.settled")}</dt>
        <dd>{formatCount(settled.count)}</dd>
        <dt>{t("processor.amount")}</dt>
        <dd>{formatMoney(settled.amount)}</dd>
        <dt>{t("processor.fee", { share: formatShare(feeShare) })}</dt>
        <dd>{formatMoney(settled.fee)}</dd>
        <dt>{t("processor.attempts")}</dt>
        <dd class="attempts">
          {Object.entries(attempts)
            .filter(([, count]) => count > 0)
            .map(([outcome, count]) => `${formatCount(count)} ${stateName(outcome)}`)
            .join(" · ") || "–"}
        </dd>
      </dl>
      <p class="hint">{builtIn ? t("processor.builtIn") : url}</p>
    </section>
  );
}

/** Health and breaker as words with a colour. */
export function ProcessorSigns({
  state,
  name,
}: {
  readonly state: ReplicaState;
  readonly name: ProcessorName;
}) {
  const { health, breaker } = state.processors[name];
  const tone = breaker === "closed" ? "good" : breaker === "open" ? "bad" : "warn";
  return (
    <p class="signs">
      {health === null ? (
        <span class="sign plain">{t("processor.unseen")}</span>
      ) : (
        <span class={`sign ${health.failing ? "bad" : "good"}`}>
          {health.failing ? t("processor.failing") : t("processor.healthy")}
          {health.minResponseTimeMs > 0 ? ` · ${formatDuration(health.minResponseTimeMs)}` : ""}
        </span>
      )}
      <span class={`sign ${tone}`}>{t(`breaker.${breaker}`)}</span>
    </p>
  );
}
