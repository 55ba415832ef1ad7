import { useState } from "preact/hooks";
import { Dialog } from "../../components/dialog.tsx";
import { Spinner } from "../../components/feedback.tsx";
import { TextField } from "../../components/fields.tsx";
import { formatMoney } from "../../format.ts";
import { tell, tellFailure } from "../../toasts.tsx";
import { t } from "../../words/words.ts";
import { CardFields, TRIAL_CARD } from "./card-fields.tsx";
import { buy, type Product } from "./shop-data.ts";

interface BuyDialogProps {
  readonly product: Product;
  readonly onClose: () => void;
  readonly onBought: (orderId: string) => void;
}

/** Reserves and pays with a card that is filled in already: it belongs to nobody. */
export function BuyDialog({ product, onClose, onBought }: BuyDialogProps) {
  const [quantity, setQuantity] = useState("1");
  const [userId, setUserId] = useState("1");
  const [card, setCard] = useState(TRIAL_CARD);
  const [busy, setBusy] = useState(false);
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    const result = await buy(product, Number(quantity), Number(userId), card);
    setBusy(false);
    if (result.kind !== "ok") return tellFailure(result);
    tell("good", t("shop.ordered"));
    onBought(result.data.payment_id);
  };
  return (
    <Dialog title={product.name} onClose={onClose}>
      <form onSubmit={submit}>
        <div class="row">
          <TextField
            label={t("shop.quantity")}
            type="number"
            min={1}
            max={100}
            value={quantity}
            onText={setQuantity}
          />
          <TextField label={t("shop.buyer")} type="number" min={1} value={userId} onText={setUserId} />
        </div>
        <CardFields card={card} onCard={setCard} />
        <p class="hero-amount">{formatMoney(product.price * Number(quantity))}</p>
        <div class="dialog-actions">
          <button type="button" class="button" onClick={onClose}>
            {t("action.cancel")}
          </button>
          <button type="submit" class="button primary" aria-busy={busy} disabled={busy}>
            {busy ? <Spinner /> : null}
            {t("shop.order")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
