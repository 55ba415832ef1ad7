import { Failure, Skeleton } from "../../components/feedback.tsx";
import { State } from "../../components/state.tsx";
import { formatMoney } from "../../format.ts";
import { useResource } from "../../resource.ts";
import { linkTo } from "../../route.ts";
import { t } from "../../words/words.ts";
import type { Order } from "./shop-data.ts";

const EVERY_MS = 1000;

/** The state of an order, read again while one looks. */
export function OrderPanel({ id }: { readonly id: string }) {
  const { data, failure, reload } = useResource<Order>(`/payment/${encodeURIComponent(id)}`, EVERY_MS);
  if (data === null)
    return failure === null ? <Skeleton rows={2} /> : <Failure result={failure} retry={reload} />;
  return (
    <section class="panel order" aria-label={t("shop.orderTitle")}>
      <header class="panel-head">
        <h2 class="panel-title">{t("shop.orderTitle")}</h2>
        <State name={data.status_name} />
      </header>
      <dl class="facts">
        <dt>{t("label.id")}</dt>
        <dd>
          <a class="id" href={linkTo("payments", `orders:${data.payment_id}`)}>
            {data.payment_id}
          </a>
        </dd>
        <dt>{t("shop.quantity")}</dt>
        <dd>{data.quantity}</dd>
        <dt>{t("label.amount")}</dt>
        <dd>{formatMoney(data.total_price)}</dd>
        <dt>{t("card.title")}</dt>
        <dd>{data.card_last4 === null ? "–" : `•••• ${data.card_last4}`}</dd>
        <dt>{t("label.attempts")}</dt>
        <dd>{data.attempts}</dd>
        {data.last_error === null ? null : (
          <>
            <dt>{t("label.lastError")}</dt>
            <dd class="mono">{data.last_error}</dd>
          </>
        )}
      </dl>
    </section>
  );
}
