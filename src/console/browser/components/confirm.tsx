import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { t } from "../words/words.ts";
import { Dialog } from "./dialog.tsx";
import { Spinner } from "./feedback.tsx";

interface ConfirmProps {
  readonly title: string;
  readonly text: string;
  readonly danger?: boolean;
  readonly children?: ComponentChildren;
  readonly onConfirm: () => Promise<void>;
  readonly onClose: () => void;
}

/** Asks before something that cannot be taken back. */
export function Confirm({ title, text, danger = false, children, onConfirm, onClose }: ConfirmProps) {
  const [busy, setBusy] = useState(false);
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    await onConfirm();
    setBusy(false);
    onClose();
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form onSubmit={submit}>
        <p>{text}</p>
        {children}
        <div class="dialog-actions">
          <button type="button" class="button" onClick={onClose}>
            {t("action.cancel")}
          </button>
          <button
            type="submit"
            class={`button ${danger ? "danger" : "primary"}`}
            aria-busy={busy}
            disabled={busy}
          >
            {busy ? <Spinner /> : null}
            {title}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
