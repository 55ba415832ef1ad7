import { Empty } from "../../components/feedback.tsx";
import { State } from "../../components/state.tsx";
import { formatMoment, formatMoney } from "../../format.ts";
import { t } from "../../words/words.ts";
import type { AccountPayment } from "./account-payment.ts";

/** The payer's payments, newest first. */
export function PayTable({ payments }: { readonly payments: readonly AccountPayment[] }) {
  if (payments.length === 0) {
    return (
      <Empty icon="inbox" title={t("pay.none")}>
        <p>{t("pay.noneHint")}</p>
      </Empty>
    );
  }
  return (
    <table class="cards">
      <caption class="visually-hidden">{t("pay.mine")}</caption>
      <thead>
        <tr>
          <th scope="col">{t("label.state")}</th>
          <th scope="col" class="number">
            {t("label.amount")}
          </th>
          <th scope="col">{t("pay.account")}</th>
          <th scope="col">{t("pay.purpose")}</th>
          <th scope="col">{t("label.created")}</th>
          <th scope="col">{t("label.details")}</th>
        </tr>
      </thead>
      <tbody>
        {payments.map((payment) => (
          <PayRow key={payment.paymentId} payment={payment} />
        ))}
      </tbody>
    </table>
  );
}

function PayRow({ payment }: { readonly payment: AccountPayment }) {
  const { state, amount, accountNumber, description, created, extPaymentDetails, paymentId } = payment;
  return (
    <tr data-payment={paymentId} data-state={state}>
      <td data-label={t("label.state")}>
        <State name={state} />
      </td>
      <td data-label={t("label.amount")} class="number strong">
        {formatMoney(amount)}
      </td>
      <td data-label={t("pay.account")}>{accountNumber}</td>
      <td data-label={t("pay.purpose")} class={description === null ? "nothing" : ""}>
        {description ?? "–"}
      </td>
      <td data-label={t("label.created")} class="nowrap">
        <time dateTime={created}>{formatMoment(created)}</time>
      </td>
      <td data-label={t("label.details")} class="soft">
        {extPaymentDetails ?? t("pay.waiting")}
      </td>
    </tr>
  );
}
