import { useEffect, useRef, useState } from "preact/hooks";
import { CopyButton } from "../../components/copy-button.tsx";
import { Skeleton } from "../../components/feedback.tsx";
import { PageHead } from "../../components/page-head.tsx";
import { t } from "../../words/words.ts";
import type { AccountPayment } from "./account-payment.ts";
import { PayForm } from "./pay-form.tsx";
import { PayTable } from "./pay-table.tsx";
import { keepPaymentIds, newPayer, readPayer, readPaymentIds } from "./payer.ts";
import { PaymentWatch } from "./payment-watch.ts";

/** The payer's page: send a payment, and watch it become final. */
export function PayPage() {
  const [payer, setPayer] = useState(readPayer);
  const { payments, loading, add } = usePayments(payer);
  return (
    <>
      <PageHead title={t("pay.title")} intro={t("pay.intro")} />
      <div class="pay">
        <div class="pay-side">
          <section class="panel payer" aria-label={t("pay.payer")}>
            <p class="label">{t("pay.payer")}</p>
            <p class="payer-id">
              <code data-testid="payer">{payer}</code>
              <CopyButton text={payer} />
            </p>
            <button type="button" class="button" onClick={() => setPayer(newPayer())}>
              {t("pay.newPayer")}
            </button>
          </section>
          <PayForm key={payer} payer={payer} onSent={add} />
        </div>
        <section class="panel flush" aria-label={t("pay.mine")}>
          <h2 class="panel-title">{t("pay.mine")}</h2>
          {loading ? <Skeleton /> : <PayTable payments={payments} />}
        </section>
      </div>
    </>
  );
}

/** The payments of this payer as far as this browser made them, kept up to date while the page is open. */
function usePayments(payer: string) {
  const [byId, setById] = useState<ReadonlyMap<string, AccountPayment>>(new Map());
  const [loading, setLoading] = useState(true);
  const watch = useRef<PaymentWatch | null>(null);
  useEffect(() => {
    const show = (payment: AccountPayment) =>
      setById((known) => new Map(known).set(payment.paymentId, payment));
    const current = new PaymentWatch(show);
    watch.current = current;
    setById(new Map());
    setLoading(true);
    const reads = readPaymentIds(payer).map((id) => current.read(id));
    void Promise.all(reads).then(() => setLoading(false));
    return () => current.stop();
  }, [payer]);
  const add = (payment: AccountPayment) => {
    keepPaymentIds(payer, [payment.paymentId, ...readPaymentIds(payer)]);
    setById((known) => new Map(known).set(payment.paymentId, payment));
    watch.current?.follow(payment.paymentId);
  };
  const payments = [...byId.values()].sort((left, right) => right.created.localeCompare(left.created));
  return { payments, loading, add };
}
