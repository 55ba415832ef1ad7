import type { Column } from "../../components/data-table.tsx";
import { Failure, Skeleton } from "../../components/feedback.tsx";
import { formatMoment, formatMoney } from "../../format.ts";
import type { Page } from "../../listing.ts";
import { useResource } from "../../resource.ts";
import { linkTo } from "../../route.ts";
import { entryName, t } from "../../words/words.ts";
import { type User, type UserEntry, userPath } from "./account-data.ts";
import { AccountPanel } from "./account-panel.tsx";

/** A withdrawal is decided in a second or two: its hold appears and goes while one looks. */
const EVERY_MS = 1500;

/** A user's balance, what is held of it, and its ledger entries. */
export function UserAccount({ id }: { readonly id: string }) {
  const { data, failure, reload } = useResource<User>(userPath(id), EVERY_MS);
  const entries = useResource<Page<UserEntry>>(`${userPath(id)}/transactions`, EVERY_MS);
  if (data === null) return failure === null ? <Skeleton /> : <Failure result={failure} retry={reload} />;
  return (
    <AccountPanel
      kind="user"
      id={id}
      heading={
        <h2 class="panel-title">
          {t("accounts.user")} {data.id}
        </h2>
      }
      figures={[
        [t("accounts.balance"), data.balance],
        [t("accounts.held"), data.held],
        [t("accounts.available"), data.available],
      ]}
      onMoved={reload}
      rows={entries.data?.items ?? []}
      columns={entryColumns()}
      keyOf={(entry) => `${entry.transaction_id} ${entry.amount}`}
      failure={entries.failure}
    />
  );
}

/** Made at each drawing: the heads are in the chosen language. */
function entryColumns(): readonly Column<UserEntry>[] {
  return [
    { head: t("accounts.entry"), cell: ({ type }) => entryName(type) },
    {
      head: t("label.amount"),
      isNumber: true,
      style: () => "strong",
      cell: ({ amount }) => formatMoney(amount),
    },
    { head: t("accounts.after"), isNumber: true, cell: (entry) => formatMoney(entry.balance_after) },
    {
      head: t("label.id"),
      cell: ({ payment_id: id }) =>
        id === null ? "–" : <a href={linkTo("payments", `users:${id}`)}>{id}</a>,
    },
    { head: t("label.created"), style: () => "nowrap", cell: (entry) => formatMoment(entry.created_at) },
  ];
}
