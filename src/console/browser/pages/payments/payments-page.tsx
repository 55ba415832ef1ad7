import { useCell } from "../../cell.ts";
import { DataTable } from "../../components/data-table.tsx";
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
    <DataTable
      caption={t("payments.title")}
      rows={items}
      keyOf={subjectOf}
      columns={[
        {
          head: t("label.id"),
          cell: (item) => (
            <a class="id" href={linkTo("payments", subjectOf(item), filters)} title={String(item.id)}>
              {shortId(item.id)}
            </a>
          ),
        },
        { head: t("label.state"), cell: ({ status }) => <State name={status} /> },
        {
          head: t("label.amount"),
          isNumber: true,
          style: () => "strong",
          cell: ({ amount }) => formatMoney(amount),
        },
        { head: t("filter.source"), cell: ({ source }) => sourceName(source) },
        {
          head: t("label.processor"),
          style: ({ processor }) => (processor === null ? "nothing" : ""),
          cell: ({ processor }) => processor ?? "–",
        },
        { head: t("label.attempts"), isNumber: true, cell: ({ attempts }) => attempts },
        {
          head: t("label.lastError"),
          style: ({ lastError }) => (lastError === null ? "nothing" : "mono"),
          cell: ({ lastError }) => lastError ?? "–",
        },
        {
          head: t("label.created"),
          style: () => "nowrap",
          cell: ({ createdAt }) => <time dateTime={createdAt}>{formatMoment(createdAt)}</time>,
        },
      ]}
    />
  );
}

/** A UUID's first half tells enough; the link's title has all of it. */
function shortId(id: string | number): string {
  const text = String(id);
  return text.length > 13 ? `${text.slice(0, 13)}…` : text;
}
