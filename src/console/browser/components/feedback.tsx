import type { ComponentChildren } from "preact";
import type { CallResult } from "../call.ts";
import { failureText } from "../toasts.tsx";
import { t } from "../words/words.ts";
import { Icon, type IconName } from "./icon.tsx";

/** Grey bars where the answer will be. */
export function Skeleton({ rows = 4 }: { readonly rows?: number }) {
  return (
    <div class="skeleton" role="status" aria-label={t("state.loading")}>
      {Array.from({ length: rows }, (_, row) => (
        <span key={row} />
      ))}
    </div>
  );
}

interface EmptyProps {
  readonly icon: IconName;
  readonly title: string;
  readonly children?: ComponentChildren;
}

/** Nothing to show, and what would change that. */
export function Empty({ icon, title, children }: EmptyProps) {
  return (
    <div class="empty">
      <Icon name={icon} />
      <p class="empty-title">{title}</p>
      {children}
    </div>
  );
}

/** In the place of what could not be read. */
export function Failure({
  result,
  retry,
}: {
  readonly result: CallResult<unknown>;
  readonly retry?: () => void;
}) {
  if (result.kind === "absent") {
    return (
      <Empty icon="system" title={t("state.absent")}>
        <p>{t("state.absentHint")}</p>
      </Empty>
    );
  }
  return (
    <div class="note bad" role="alert">
      <Icon name="alert" />
      <p>{failureText(result)}</p>
      {retry === undefined ? null : (
        <button type="button" class="button" onClick={retry}>
          {t("action.retry")}
        </button>
      )}
    </div>
  );
}

/** The turning sign inside of a button that works. */
export function Spinner() {
  return <span class="spinner" aria-hidden="true" />;
}
