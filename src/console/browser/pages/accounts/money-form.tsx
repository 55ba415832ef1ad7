import { useState } from "preact/hooks";
import { TextField } from "../../components/fields.tsx";
import { readAmount } from "../../format.ts";
import { tell, tellFailure } from "../../toasts.tsx";
import { t } from "../../words/words.ts";
import { type Kind, moveMoney } from "./account-data.ts";

interface MoneyFormProps {
  readonly kind: Kind;
  readonly id: string;
  readonly onMoved: () => void;
}

/** Puts money in or takes some out. */
export function MoneyForm({ kind, id, onMoved }: MoneyFormProps) {
  const [amount, setAmount] = useState("10.00");
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);
  const move = async (direction: "deposit" | "withdraw") => {
    const read = readAmount(amount);
    setProblem(read === null ? t("pay.amountWrong") : undefined);
    if (read === null) return;
    setBusy(true);
    const result = await moveMoney(kind, id, direction, read);
    setBusy(false);
    if (result.kind === "ok") tell("good", kind === "user" ? t("accounts.accepted") : t("accounts.done"));
    else tellFailure(result);
    onMoved();
  };
  return (
    <form
      class="inline"
      onSubmit={(event) => {
        event.preventDefault();
        void move("deposit");
      }}
    >
      <TextField
        label={t("label.amount")}
        inputMode="decimal"
        value={amount}
        problem={problem}
        onText={setAmount}
      />
      <button type="submit" class="button primary" disabled={busy}>
        {t("accounts.deposit")}
      </button>
      <button type="button" class="button" disabled={busy} onClick={() => void move("withdraw")}>
        {t("accounts.withdraw")}
      </button>
    </form>
  );
}
