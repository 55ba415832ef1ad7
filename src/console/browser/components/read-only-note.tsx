import { useAccess } from "../access.ts";
import { openSignIn } from "../sign-in.tsx";
import { t } from "../words/words.ts";
import { Icon } from "./icon.tsx";

/** Says why the switches of a page are off, and how to change that. */
export function ReadOnlyNote() {
  const access = useAccess();
  if (access.kind === "allowed" || access.kind === "asking") return null;
  return (
    <div class="note">
      <Icon name="key" />
      <p>{access.kind === "local" ? t("access.local") : t("access.token")}</p>
      {access.kind === "local" ? null : (
        <button type="button" class="button" onClick={openSignIn}>
          {t("access.signIn")}
        </button>
      )}
    </div>
  );
}
