import { useId, useRef, useState } from "preact/hooks";
import type { FieldProblem } from "../../call.ts";
import { Spinner } from "../../components/feedback.tsx";
import { TextField } from "../../components/fields.tsx";
import { Icon } from "../../components/icon.tsx";
import { readAmount } from "../../format.ts";
import { tell, tellFailure } from "../../toasts.tsx";
import { t } from "../../words/words.ts";
import { type AccountPayment, type NewPayment, sendPayment } from "./account-payment.ts";
import { newId } from "./payer.ts";

interface PayFormProps {
  readonly payer: string;
  readonly onSent: (payment: AccountPayment) => void;
}

const EMPTY = { accountNumber: "", amount: "", description: "" };

/** What the payer fills in. What is missing is said at the field before anything is sent. */
export function PayForm({ payer, onSent }: PayFormProps) {
  const [form, setForm] = useState(EMPTY);
  const [problems, setProblems] = useState<readonly FieldProblem[]>([]);
  const [sending, setSending] = useState(false);
  // The same payment sent again after a lost answer keeps its key, so that it is paid once.
  const attempt = useRef({ body: "", key: "" });
  const titleId = useId();
  const problemOf = (path: string) => problems.find((problem) => problem.path === path)?.message;
  const edit = (change: Partial<typeof EMPTY>) => setForm({ ...form, ...change });

  const send = async (event: Event) => {
    event.preventDefault();
    if (sending) return;
    const wrong = check(form);
    setProblems(wrong);
    if (wrong.length > 0) return tell("bad", t("pay.checkForm"));
    const payment = toPayment(payer, form);
    const body = JSON.stringify(payment);
    if (attempt.current.body !== body) attempt.current = { body, key: newId() };
    setSending(true);
    const result = await sendPayment(payment, attempt.current.key);
    setSending(false);
    if (result.kind === "ok") {
      attempt.current = { body: "", key: "" };
      setForm({ ...EMPTY, accountNumber: form.accountNumber });
      tell("good", t("pay.sent"));
      return onSent(result.data);
    }
    if (result.kind === "refused") setProblems(result.errors);
    tellFailure(result);
  };

  return (
    <form class="panel pay-form" aria-labelledby={titleId} noValidate onSubmit={send}>
      <h2 id={titleId}>{t("pay.new")}</h2>
      <TextField
        label={t("pay.account")}
        name="accountNumber"
        value={form.accountNumber}
        problem={problemOf("accountNumber")}
        onText={(accountNumber) => edit({ accountNumber })}
      />
      <TextField
        label={t("pay.amount")}
        name="amount"
        inputMode="decimal"
        placeholder="0.00"
        value={form.amount}
        problem={problemOf("amount")}
        onText={(amount) => edit({ amount })}
      />
      <TextField
        label={t("pay.purpose")}
        name="description"
        hint={t("pay.purposeHint")}
        value={form.description}
        problem={problemOf("description")}
        onText={(description) => edit({ description })}
      />
      <button type="submit" class="button primary" aria-busy={sending}>
        {sending ? <Spinner /> : <Icon name="send" />}
        {sending ? t("pay.sending") : t("pay.send")}
      </button>
    </form>
  );
}

function check({ accountNumber, amount }: typeof EMPTY): FieldProblem[] {
  const wrong: FieldProblem[] = [];
  if (accountNumber.trim() === "") wrong.push({ path: "accountNumber", message: t("pay.accountMissing") });
  if (readAmount(amount) === null) wrong.push({ path: "amount", message: t("pay.amountWrong") });
  return wrong;
}

function toPayment(userId: string, form: typeof EMPTY): NewPayment {
  const description = form.description.trim();
  const amount = readAmount(form.amount) ?? form.amount;
  const payment = { userId, accountNumber: form.accountNumber.trim(), amount };
  return description === "" ? payment : { ...payment, description };
}
