import { Empty, Failure, Skeleton } from "../../components/feedback.tsx";
import { FigureTile } from "../../components/figure-tile.tsx";
import { formatMoment, formatMoney } from "../../format.ts";
import type { Page } from "../../listing.ts";
import { useResource } from "../../resource.ts";
import { linkTo } from "../../route.ts";
import { t } from "../../words/words.ts";
import { type User, type UserEntry, userPath } from "./account-data.ts";
import { MoneyForm } from "./money-form.tsx";

/** A withdrawal is decided in a second or two: its hold appears and goes while one looks. */
const EVERY_MS = 1500;

/** A user's balance, what is held of it, and its ledger entries. */
export function UserAccount({ id }: { readonly id: string }) {
  const { data, failure, reload } = useResource<User>(userPath(id), EVERY_MS);
  const entries = useResource<Page<UserEntry>>(`${userPath(id)}/transactions`, EVERY_MS);
  if (data === null) return failure === null ? <Skeleton /> : <Failure result={failure} retry={reload} />;
  return (
    <section class="panel" aria-label={t("accounts.user")}>
      <h2 class="panel-title">
        {t("accounts.user")} {data.id}
      </h2>
      <dl class="tiles">
        <FigureTile label={t("accounts.balance")} value={formatMoney(data.balance)} />
        <FigureTile label={t("accounts.held")} value={formatMoney(data.held)} />
        <FigureTile label={t("accounts.available")} value={formatMoney(data.available)} />
      </dl>
      <MoneyForm kind="user" id={id} onMoved={reload} />
      {entries.failure === null ? null : <Failure result={entries.failure} />}
      <Entries entries={entries.data?.items ?? []} />
    </section>
  );
}

function Entries({ entries }: { readonly entries: readonly UserEntry[] }) {
  if (entries.length === 0) return <Empty icon="list" title={t("accounts.noEntries")} />;
  return (
    <table class="cards">
      <caption class="visually-hidden">{t("accounts.entries")}</caption>
      <thead>
        <tr>
          <th scope="col">{t("accounts.entry")}</th>
          <th scope="col" class="number">
            {t("label.amount")}
          </th>
          <th scope="col" class="number">
            {t("accounts.after")}
          </th>
          <th scope="col">{t("label.id")}</th>
          <th scope="col">{t("label.created")}</th>
        </tr>
      </thead>
      <tbody>
        {entries.map((entry) => (
          <tr key={entry.transaction_id + entry.amount}>
            <td data-label={t("accounts.entry")}>{entry.type}</td>
            <td data-label={t("label.amount")} class="number strong">
              {formatMoney(entry.amount)}
            </td>
            <td data-label={t("accounts.after")} class="number">
              {formatMoney(entry.balance_after)}
            </td>
            <td data-label={t("label.id")}>
              {entry.payment_id === null ? (
                "–"
              ) : (
                <a href={linkTo("payments", `users:${entry.payment_id}`)}>{entry.payment_id}</a>
              )}
            </td>
            <td data-label={t("label.created")} class="nowrap">
              {formatMoment(entry.created_at)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
