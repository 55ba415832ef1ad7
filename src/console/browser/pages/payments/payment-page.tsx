import { CopyButton } from "../../components/copy-button.tsx";
import { Failure, Skeleton } from "../../components/feedback.tsx";
import { PageHead } from "../../components/page-head.tsx";
import { State } from "../../components/state.tsx";
import { Timeline } from "../../components/timeline.tsx";
import { formatDuration, formatMoment, formatMoney } from "../../format.ts";
import { useResource } from "../../resource.ts";
import { linkTo } from "../../route.ts";
import { factName, sourceName, t } from "../../words/words.ts";
import { detailPath, type PaymentDetail, type PaymentFilters } from "./payment-data.ts";

interface PaymentPageProps {
  /** `source:id` */
  readonly subject: string;
  /** Of the listing that one comes from and goes back to. */
  readonly filters: PaymentFilters;
}

/** A payment that is not final is read again this often. */
const EVERY_MS = 2000;

/** One payment: what is known of it, and everything that was tried. */
export function PaymentPage({ subject, filters }: PaymentPageProps) {
  const { data, failure, reload } = useResource<PaymentDetail>(detailPath(subject), EVERY_MS);
  const id = subject.split(":")[1] ?? "";
  return (
    <>
      <a class="back" href={linkTo("payments", null, filters)}>
        {t("payment.back")}
      </a>
      <PageHead title={t("payment.title")}>
        <p class="payer-id">
          <code>{id}</code>
          <CopyButton text={id} />
        </p>
      </PageHead>
      {failure === null ? null : <Failure result={failure} retry={reload} />}
      {data === null ? (
        failure === null && <Skeleton rows={6} />
      ) : (
        <div class="two-columns detail">
          <PaymentFacts payment={data} />
          <section class="panel" aria-label={t("payment.timeline")}>
            <h2 class="panel-title">{t("payment.timeline")}</h2>
            <Timeline entries={data.timeline} attempts={data.attempts} next={data.nextAttempt} />
            {data.outcome === "pending" ? <p class="hint">{t("payment.pendingHint")}</p> : null}
          </section>
        </div>
      )}
    </>
  );
}

function PaymentFacts({ payment }: { readonly payment: PaymentDetail }) {
  const { amount, status, source, createdAt, endedAt, attempts, processor, lastError, facts } = payment;
  return (
    <section class="panel" aria-label={t("payment.facts")}>
      <p class="hero-amount">
        {formatMoney(amount)} <State name={status} />
      </p>
      <dl class="facts">
        <dt>{t("filter.source")}</dt>
        <dd>{sourceName(source)}</dd>
        <dt>{t("label.created")}</dt>
        <dd>{formatMoment(createdAt)}</dd>
        {endedAt === null ? null : (
          <>
            <dt>{t("payment.took")}</dt>
            <dd>{formatDuration(Date.parse(endedAt) - Date.parse(createdAt))}</dd>
          </>
        )}
        {processor === null ? null : (
          <>
            <dt>{t("label.processor")}</dt>
            <dd>{processor}</dd>
          </>
        )}
        <dt>{t("label.attempts")}</dt>
        <dd>{attempts}</dd>
        {lastError === null ? null : (
          <>
            <dt>{t("label.lastError")}</dt>
            <dd class="mono">{lastError}</dd>
          </>
        )}
        {Object.entries(facts)
          .filter(([, value]) => value !== null)
          .map(([name, value]) => [
            <dt key={name}>{factName(name)}</dt>,
            <dd key={`${name}-value`}>{showFact(value)}</dd>,
          ])}
      </dl>
    </section>
  );
}

function showFact(value: string | number | boolean | null): string {
  if (typeof value === "string" && /^\d{4}-\d{2}-\d{2}T/.test(value)) return formatMoment(value);
  return String(value);
}
