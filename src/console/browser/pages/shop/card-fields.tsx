import { TextField } from "../../components/fields.tsx";
import { t } from "../../words/words.ts";

export interface CardForm {
  readonly number: string;
  readonly month: string;
  readonly year: string;
  readonly code: string;
  readonly holder: string;
}

/** A number that passes the check and belongs to nobody. */
export const EMPTY_CARD: CardForm = { number: "", month: "", year: "", code: "", holder: "" };
export const TRIAL_CARD: CardForm = {
  number: "4111111111111111",
  month: "12",
  year: "2030",
  code: "123",
  holder: "Ana Souza",
};

/** The card as the service takes it. It is sent once and kept nowhere in the browser. */
export function toCard({ number, month, year, code, holder }: CardForm) {
  const card = {
    card_number: number.replace(/\s/g, ""),
    card_exp_month: month.trim(),
    card_exp_year: year.trim(),
    card_security_code: code.trim(),
  };
  return holder.trim() === "" ? card : { ...card, card_holder: holder.trim() };
}

interface CardFieldsProps {
  readonly card: CardForm;
  readonly onCard: (card: CardForm) => void;
}

export function CardFields({ card, onCard }: CardFieldsProps) {
  const text = (name: keyof CardForm) => ({
    value: card[name],
    onText: (value: string) => onCard({ ...card, [name]: value }),
  });
  return (
    <fieldset class="card-fields">
      <legend>{t("card.title")}</legend>
      <TextField label={t("card.number")} inputMode="numeric" {...text("number")} />
      <div class="row">
        <TextField label={t("card.month")} inputMode="numeric" {...text("month")} />
        <TextField label={t("card.year")} inputMode="numeric" {...text("year")} />
        <TextField label={t("card.code")} inputMode="numeric" {...text("code")} />
      </div>
      <TextField label={t("card.holder")} {...text("holder")} />
    </fieldset>
  );
}
