import { useState } from "preact/hooks";
import { useMayChange } from "../../access.ts";
import { Confirm } from "../../components/confirm.tsx";
import { Failure, Skeleton } from "../../components/feedback.tsx";
import { PageHead } from "../../components/page-head.tsx";
import { ReadOnlyNote } from "../../components/read-only-note.tsx";
import { Timeline } from "../../components/timeline.tsx";
import { formatMoment } from "../../format.ts";
import { useResource } from "../../resource.ts";
import { goTo, linkTo } from "../../route.ts";
import { tell, tellFailure } from "../../toasts.tsx";
import { sourceName, t } from "../../words/words.ts";
import type { TimelineEntry } from "../payments/payment-data.ts";
import { CardFields, type CardForm, EMPTY_CARD, toCard } from "../shop/card-fields.tsx";
import { type DeadLetterDetail, type DeadLetterFilter, discardOne, requeueOne } from "./dead-letter-data.ts";

interface DeadLetterPageProps {
  readonly id: string;
  readonly filter: DeadLetterFilter;
}

/** One letter: what it was, what was tried, and the two things that can be done with it. */
export function DeadLetterPage({ id, filter }: DeadLetterPageProps) {
  const { data, failure, reload } = useResource<DeadLetterDetail>(`/dlq/${encodeURIComponent(id)}`);
  const back = linkTo("dead-letters", null, { ...filter });
  return (
    <>
      <a class="back" href={back}>
        {t("dead.back")}
      </a>
      <PageHead title={t("dead.letter", { id })} />
      <ReadOnlyNote />
      {failure === null ? null : <Failure result={failure} retry={reload} />}
      {data === null ? (
        failure === null && <Skeleton rows={6} />
      ) : (
        <>
          <Actions letter={data} onDone={() => goTo(back)} />
          <div class="two-columns detail">
            <LetterFacts letter={data} />
            <section class="panel" aria-label={t("payment.timeline")}>
              <h2 class="panel-title">{t("payment.timeline")}</h2>
              <Timeline entries={data.history.map(entryOf)} />
            </section>
          </div>
        </>
      )}
    </>
  );
}

/** The letter itself knows what came of each attempt; the rest is on the page of what died. */
function entryOf({ at, event, outcome, code, who }: DeadLetterDetail["history"][number]): TimelineEntry {
  const unknown = { upstream: null, isLookup: false, status: null, latencyMs: null, excerpt: null };
  if (outcome !== undefined) return { ...unknown, at, event: "attempt", outcome, code: code ?? null };
  const reason = code === undefined ? {} : { code };
  return { at, event, ...reason, ...(who === undefined ? {} : { detail: who }) };
}

function LetterFacts({ letter }: { readonly letter: DeadLetterDetail }) {
  const { source, subject, error, originalTopic, originalMessage, attempts, deaths, diedAt } = letter;
  return (
    <section class="panel" aria-label={t("payment.facts")}>
      <h2 class="panel-title">{error.message}</h2>
      <dl class="facts">
        <dt>{t("filter.source")}</dt>
        <dd>{sourceName(source)}</dd>
        <dt>{t("filter.error")}</dt>
        <dd class="mono">{error.code}</dd>
        <dt>{t("dead.subject")}</dt>
        <dd>
          {source === "wallets" ? (
            <code>{subject}</code>
          ) : (
            <a class="id" href={linkTo("payments", `${source}:${subject}`)}>
              {subject}
            </a>
          )}
        </dd>
        <dt>{t("label.attempts")}</dt>
        <dd>{attempts}</dd>
        <dt>{t("dead.deaths")}</dt>
        <dd>{deaths}</dd>
        <dt>{t("dead.diedAt")}</dt>
        <dd>{formatMoment(diedAt)}</dd>
        <dt>{t("dead.topic")}</dt>
        <dd>{originalTopic ?? "–"}</dd>
      </dl>
      <pre>{JSON.stringify(originalMessage, null, 2)}</pre>
    </section>
  );
}

function Actions({ letter, onDone }: { readonly letter: DeadLetterDetail; readonly onDone: () => void }) {
  const mayChange = useMayChange();
  const [asking, setAsking] = useState<"requeue" | "discard" | null>(null);
  const [card, setCard] = useState<CardForm>(EMPTY_CARD);
  const needsCard = letter.source === "orders";
  const confirm = async () => {
    const body = needsCard ? { card: toCard(card) } : {};
    const result = asking === "discard" ? await discardOne(letter.id) : await requeueOne(letter.id, body);
    if (result.kind !== "ok") return tellFailure(result);
    tell("good", asking === "discard" ? t("dead.discarded") : t("dead.requeued"));
    onDone();
  };
  return (
    <div class="actions">
      <button type="button" class="button primary" disabled={!mayChange} onClick={() => setAsking("requeue")}>
        {t("dead.requeue")}
      </button>
      <button type="button" class="button danger" disabled={!mayChange} onClick={() => setAsking("discard")}>
        {t("dead.discard")}
      </button>
      {asking === null ? null : (
        <Confirm
          title={asking === "discard" ? t("dead.discard") : t("dead.requeue")}
          text={asking === "discard" ? t("dead.discardAsk") : t("dead.requeueAsk")}
          danger={asking === "discard"}
          onConfirm={confirm}
          onClose={() => setAsking(null)}
        >
          {needsCard && asking === "requeue" ? <CardFields card={card} onCard={setCard} /> : null}
        </Confirm>
      )}
    </div>
  );
}
