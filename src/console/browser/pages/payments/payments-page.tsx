import { useCell } from "../../cell.ts";
import { Empty, Failure, Skeleton } from "../../components/feedback.tsx";
import { More } from "../../components/more.tsx";
import { PageHead } from "../../components/page-head.tsx";
import { State } from "../../components/state.tsx";
import { formatMoment, formatMoney } from "../../format.ts";
import { useListing } from "../../listing.ts";
import { linkTo, route } from "../../route.ts";
import { sourceName, t } from "../../words/words.ts";
import { FilterForm } from "./filter-form.tsx";
import {
  listingPath,
  type PaymentFilters,
  type PaymentItem,
  readFilters,
  subjectOf,
} from "./payment-data.ts";
import { PaymentPage } from "./payment-page.tsx";

/** Payments of all sections: the listing, or one of them in detail. */
export function PaymentsPage() {
  const { subject, filters } = useCell(route);
  const read = readFilters(filters);
  return subject === null ? (
    <PaymentListing filters={read} />
  ) : (
    <PaymentPage subject={subject} filters={read} />
  );
}

function PaymentListing({ filters }: { readonly filters: PaymentFilters }) {
  const listing = useListing<PaymentItem>(listingPath(filters));
  const { items, failure, loading } = listing;
  return (
    <>
      <PageHead title={t("payments.title")} intro={t("payments.intro")}>
        <button type="button" class="button" onClick={listing.reload}>
          {t("action.reload")}
        </button>
      </PageHead>
      <FilterForm filters={filters} />
      {failure === null ? null : <Failure result={failure} retry={listing.reload} />}
      <section class="panel flush" aria-label={t("payments.title")} aria-busy={loading}>
        {items.length > 0 ? (
          <PaymentTable items={items} filters={filters} />
        ) : loading ? (
          <Skeleton rows={8} />
        ) : failure === null ? (
          <Empty icon="inbox" title={t("payments.none")}>
            <p>{t("payments.noneHint")}</p>
          </Empty>
        ) : null}
        {items.length > 0 || listing.next !== null ? <More listing={listing} /> : null}
      </section>
    </>
  );
}

interface PaymentTableProps {
  readonly items: readonly PaymentItem[];
  readonly filters: PaymentFilters;
}

function PaymentTable({ items, filters }: PaymentTableProps) {
  return (
    <table class="cards">
      <caption class="visually-hidden">{t("payments.title")}</caption>
      <thead>
        <tr>
          <th scope="col">{t("label.id")}</th>
          <th scope="col">{t("label.state")}</th>
          <th scope="col" class="number">
            {t("label.amount")}
          </th>
          <th scope="col">{t("filter.source")}</th>
          <th scope="col">{t("label.processor")}</th>
          <th scope="col" class="number">
            {t("label.attempts")}
          </th>
          <th scope="col">{t("label.lastError")}</th>
          <th scope="col">{t("label.created")}</th>
        </tr>
      </thead>
      <tbody>
        {items.map((item) => (
          <tr key={subjectOf(item)}>
            <td data-label={t("label.id")}>
              <a class="id" href={linkTo("payments", subjectOf(item), filters)} title={String(item.id)}>
                {shortId(item.id)}
              </a>
            </td>
            <td data-label={t("label.state")}>
              <State name={item.status} />
            </td>
            <td data-label={t("label.amount")} class="number strong">
              {formatMoney(item.amount)}
            </td>
            <td data-label={t("filter.source")}>{sourceName(item.source)}</td>
            <td data-label={t("label.processor")} class={item.processor === null ? "nothing" : ""}>
              {item.processor ?? "–"}
            </td>
            <td data-label={t("label.attempts")} class="number">
              {item.attempts}
            </td>
            <td data-label={t("label.lastError")} class={item.lastError === null ? "nothing" : "mono"}>
              {item.lastError ?? "–"}
            </td>
            <td data-label={t("label.created")} class="nowrap">
              <time dateTime={item.createdAt}>{formatMoment(item.createdAt)}</time>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** A UUID's first half tells enough; the link's title has all of it. */
function shortId(id: string | number): string {
  const text = String(id);
  return text.length > 13 ? `${text.slice(0, 13)}…` : text;
}
