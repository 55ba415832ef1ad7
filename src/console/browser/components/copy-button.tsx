import { tell } from "../toasts.tsx";
import { t } from "../words/words.ts";
import { Icon } from "./icon.tsx";

/** Copies a text; hidden where the browser has no clipboard for us (plain HTTP from another machine). */
export function CopyButton({ text }: { readonly text: string }) {
  const { clipboard } = navigator as { clipboard?: Clipboard }; // missing on insecure origins, whatever the type says
  if (clipboard === undefined) return null;
  const copy = () =>
    clipboard.writeText(text).then(
      () => tell("good", t("action.copied")),
      () => {},
    );
  return (
    <button
      type="button"
      class="icon-button"
      aria-label={t("action.copy")}
      title={t("action.copy")}
      onClick={copy}
    >
      <Icon name="copy" />
    </button>
  );
}
