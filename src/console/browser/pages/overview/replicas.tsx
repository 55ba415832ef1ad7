import { formatCount, formatDuration } from "../../format.ts";
import type { ReplicaState } from "../../replica-state.ts";
import { durabilityName, kindName, partName, redisName, t } from "../../words/words.ts";

/** The replicas that share this database, and the health of the one that answers. */
export function Replicas({ state }: { readonly state: ReplicaState }) {
  const { health, replicas, durability, redis, version, revision, uptimeSeconds, queue, live } = state;
  const kinds = Object.entries(queue.byKind).filter(([, count]) => count > 0);
  return (
    <section class="panel" aria-label={t("replicas.title")}>
      <h2 class="panel-title">{t("replicas.title")}</h2>
      <ul class="replicas">
        {replicas.map(({ name, self, alive }) => (
          <li key={name}>
            <span class={`sign ${alive ? "good" : "bad"}`}>
              {alive ? t("replicas.alive") : t("replicas.dead")}
            </span>
            <b>{name}</b>
            {self ? <span class="soft">{t("replicas.self")}</span> : null}
          </li>
        ))}
      </ul>
      <dl class="facts">
        {Object.entries(health)
          .filter(([, value]) => typeof value === "string")
          .map(([part, value]) => [
            <dt key={part}>{partName(part)}</dt>,
            <dd key={`${part}-value`} class={value === "ok" ? "" : "bad-text"}>
              {String(value)}
            </dd>,
          ])}
        <dt>Redis</dt>
        <dd class={redis === "away" ? "bad-text" : ""}>{redisName(redis)}</dd>
        <dt>{t("replicas.durability")}</dt>
        <dd>{durabilityName(durability)}</dd>
        <dt>{t("replicas.waiting")}</dt>
        <dd>{kinds.map(([kind, count]) => `${formatCount(count)} ${kindName(kind)}`).join(" · ") || "–"}</dd>
        <dt>{t("replicas.live")}</dt>
        <dd>{t("replicas.liveCounts", { streams: live.streams, polls: live.longPolls })}</dd>
        <dt>{t("replicas.uptime")}</dt>
        <dd>{formatDuration(uptimeSeconds * 1000)}</dd>
        <dt>{t("replicas.version")}</dt>
        <dd>
          {version} <span class="soft">{revision}</span>
        </dd>
      </dl>
    </section>
  );
}
