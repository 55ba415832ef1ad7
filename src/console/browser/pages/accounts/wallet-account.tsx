import { CopyButton } from "../../components/copy-button.tsx";
import type { Column } from "../../components/data-table.tsx";
import { Failure, Skeleton } from "../../components/feedback.tsx";
import { State } from "../../components/state.tsx";
import { formatMoment, formatMoney } from "../../format.ts";
import type { Page } from "../../listing.ts";
import { useResource } from "../../resource.ts";
import { reasonName, t } from "../../words/words.ts";
import { type Wallet, type WalletOperation, walletPath } from "./account-data.ts";
import { AccountPanel } from "./account-panel.tsx";

const EVERY_MS = 1500;

/** A wallet's balance and its operations. */
export function WalletAccount({ uuid }: { readonly uuid: string }) {
  const { data, failure, reload } = useResource<Wallet>(walletPath(uuid), EVERY_MS);
  const operations = useResource<Page<WalletOperation>>(`${walletPath(uuid)}/operations`, EVERY_MS);
  if (data === null) return failure === null ? <Skeleton /> : <Failure result={failure} retry={reload} />;
  return (
    <AccountPanel
      kind="wallet"
      id={uuid}
      heading={
        <h2 class="panel-title payer-id">
          <code>{data.wallet_uuid}</code>
          <CopyButton text={data.wallet_uuid} />
        </h2>
      }
      figures={[[t("accounts.balance"), data.balance]]}
      onMoved={reload}
      rows={operations.data?.items ?? []}
      columns={operationColumns()}
      keyOf={(operation) => operation.operation_id}
      failure={operations.failure}
    />
  );
}

/** Made at each drawing: the heads are in the chosen language. */
function operationColumns(): readonly Column<WalletOperation>[] {
  return [
    {
      head: t("accounts.entry"),
      cell: ({ operationType }) => t(operationType === "DEPOSIT" ? "accounts.deposit" : "accounts.withdraw"),
    },
    {
      head: t("label.state"),
      cell: ({ status, reason }) => (
        <span>
          <State name={status} /> {reason === null ? null : <span class="soft">{reasonName(reason)}</span>}
        </span>
      ),
    },
    {
      head: t("label.amount"),
      isNumber: true,
      style: () => "strong",
      cell: ({ amount }) => formatMoney(amount),
    },
    {
      head: t("accounts.after"),
      isNumber: true,
      cell: ({ balance_after: after }) => (after === null ? "–" : formatMoney(after)),
    },
    {
      head: t("label.created"),
      style: () => "nowrap",
      cell: (operation) => formatMoment(operation.created_at),
    },
  ];
}
