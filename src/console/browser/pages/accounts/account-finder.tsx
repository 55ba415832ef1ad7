import { useState } from "preact/hooks";
import { Spinner } from "../../components/feedback.tsx";
import { TextField } from "../../components/fields.tsx";
import { goTo, linkTo } from "../../route.ts";
import { tell, tellFailure } from "../../toasts.tsx";
import { t } from "../../words/words.ts";
import { createAccount, type Kind } from "./account-data.ts";

/** Opens an account by its id, or creates one with a balance. */
export function AccountFinder({ kind }: { readonly kind: Kind }) {
  const [id, setId] = useState("");
  const [balance, setBalance] = useState("100");
  const [busy, setBusy] = useState(false);
  const find = (event: Event) => {
    event.preventDefault();
    if (id.trim() !== "") goTo(linkTo("accounts", `${kind}:${id.trim()}`));
  };
  const create = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    const result = await createAccount(kind, balance.trim().replace(",", "."));
    setBusy(false);
    if (result.kind !== "ok") return tellFailure(result);
    tell("good", t("accounts.created"));
    goTo(linkTo("accounts", `${kind}:${result.data}`));
  };
  const title = t(`accounts.${kind}`);
  return (
    <section class="panel" aria-label={title}>
      <h2 class="panel-title">{title}</h2>
      <form class="inline" onSubmit={find}>
        <TextField label={t(`accounts.${kind}Id`)} value={id} onText={setId} />
        <button type="submit" class="button">
          {t("accounts.open")}
        </button>
      </form>
      <form class="inline" onSubmit={create}>
        <TextField label={t("accounts.initial")} inputMode="decimal" value={balance} onText={setBalance} />
        <button type="submit" class="button" aria-busy={busy}>
          {busy ? <Spinner /> : null}
          {t("accounts.create")}
        </button>
      </form>
    </section>
  );
}
