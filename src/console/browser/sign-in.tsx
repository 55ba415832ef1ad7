import { useState } from "preact/hooks";
import { askAccess, useAccess } from "./access.ts";
import { Cell, useCell } from "./cell.ts";
import { Dialog } from "./components/dialog.tsx";
import { Spinner } from "./components/feedback.tsx";
import { TextField } from "./components/fields.tsx";
import { Icon } from "./components/icon.tsx";
import { session, signIn, signOut } from "./session.ts";
import { tell } from "./toasts.tsx";
import { t } from "./words/words.ts";

const isOpen = new Cell(false);

export function openSignIn(): void {
  isOpen.set(true);
}

/** The button in the header: signs in or out, or says that neither is needed. */
export function SignInButton() {
  const access = useAccess();
  const token = useCell(session);
  const label = token === null ? t("access.signIn") : t("access.signOut");
  if (token === null && access.kind !== "token") return null;
  return (
    <button type="button" class="button quiet" onClick={token === null ? openSignIn : signOut}>
      <Icon name="key" />
      {label}
    </button>
  );
}

/** Asks for the administrator's token and tries it. */
export function SignInDialog() {
  const open = useCell(isOpen);
  return open ? <SignInForm /> : null;
}

function SignInForm() {
  const [token, setToken] = useState("");
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);
  const submit = async (event: Event) => {
    event.preventDefault();
    if (token.trim() === "") return setProblem(t("access.tokenMissing"));
    setBusy(true);
    signIn(token.trim());
    const access = await askAccess();
    setBusy(false);
    if (access.kind !== "allowed") {
      signOut();
      return setProblem(t("access.tokenWrong"));
    }
    isOpen.set(false);
    tell("good", t("access.signedIn"));
  };
  return (
    <Dialog title={t("access.signIn")} onClose={() => isOpen.set(false)}>
      <form onSubmit={submit}>
        <p class="hint">{t("access.explain")}</p>
        <TextField
          label={t("access.tokenLabel")}
          type="password"
          value={token}
          problem={problem}
          onText={setToken}
        />
        <div class="dialog-actions">
          <button type="submit" class="button primary" aria-busy={busy}>
            {busy ? <Spinner /> : null}
            {t("access.signIn")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
