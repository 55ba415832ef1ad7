import { CopyButton } from "../../components/copy-button.tsx";
import { Empty, Failure, Skeleton } from "../../components/feedback.tsx";
import { FigureTile } from "../../components/figure-tile.tsx";
import { State } from "../../components/state.tsx";
import { formatMoment, formatMoney } from "../../format.ts";
import type { Page } from "../../listing.ts";
import { useResource } from "../../resource.ts";
import { t } from "../../words/words.ts";
import { type Wallet, type WalletOperation, walletPath } from "./account-data.ts";
import { MoneyForm } from "./money-form.tsx";

const EVERY_MS = 1500;

/** A wallet's balance and its operations. */
export function WalletAccount({ uuid }: { readonly uuid: string }) {
  const { data, failure, reload } = useResource<Wallet>(walletPath(uuid), EVERY_MS);
  const operations = useResource<Page<WalletOperation>>(`${walletPath(uuid)}/operations`, EVERY_MS);
  if (data === null) return failure === null ? <Skeleton /> : <Failure result={failure} retry={reload} />;
  return (
    <section class="panel" aria-label={t("accounts.wallet")}>
      <h2 class="panel-title payer-id">
        <code>{data.wallet_uuid}</code>
        <CopyButton text={data.wallet_uuid} />
      </h2>
      <dl class="tiles">
        <FigureTile label={t("accounts.balance")} value={formatMoney(data.balance)} />
      </dl>
      <MoneyForm kind="wallet" id={uuid} onMoved={reload} />
      {operations.failure === null ? null : <Failure result={operations.failure} />}
      <Operations operations={operations.data?.items ?? []} />
    </section>
  );
}

function Operations({ operations }: { readonly operations: readonly WalletOperation[] }) {
  if (operations.length === 0) return <Empty icon="list" title={t("accounts.noEntries")} />;
  return (
    <table class="cards">
      <caption class="visually-hidden">{t("accounts.entries")}</caption>
      <thead>
        <tr>
          <th scope="col">{t("accounts.entry")}</th>
          <th scope="col">{t("label.state")}</th>
          <th scope="col" class="number">
            {t("label.amount")}
          </th>
          <th scope="col" class="number">
            {t("accounts.after")}
          </th>
          <th scope="col">{t("label.created")}</th>
        </tr>
      </thead>
      <tbody>
        {operations.map(
          ({ operation_id, operationType, status, reason, amount, balance_after, created_at }) => (
            <tr key={operation_id}>
              <td data-label={t("accounts.entry")}>
                {operationType === "DEPOSIT" ? t("accounts.deposit") : t("accounts.withdraw")}
              </td>
              <td data-label={t("label.state")}>
                <State name={status} /> {reason === null ? null : <span class="soft">{reason}</span>}
              </td>
              <td data-label={t("label.amount")} class="number strong">
                {formatMoney(amount)}
              </td>
              <td data-label={t("accounts.after")} class="number">
                {balance_after === null ? "–" : formatMoney(balance_after)}
              </td>
              <td data-label={t("label.created")} class="nowrap">
                {formatMoment(created_at)}
              </td>
            </tr>
          ),
        )}
      </tbody>
    </table>
  );
}
