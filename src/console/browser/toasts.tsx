import type { CallResult } from "./call.ts";
import { Cell, useCell } from "./cell.ts";
import { Icon } from "./components/icon.tsx";
import { t } from "./words/words.ts";

interface Toast {
  readonly id: number;
  readonly tone: "good" | "bad";
  readonly text: string;
}

const toasts = new Cell<readonly Toast[]>([]);
let lastId = 0;

/** Errors stay longer: they say what to do. */
const SHOWN_MS = { good: 5000, bad: 12_000 } as const;
const TOASTS_MAX = 4;

/** Tells something in the corner of the page, and to screen readers. */
export function tell(tone: Toast["tone"], text: string): void {
  const id = ++lastId;
  const kept = toasts.value.filter((toast) => toast.text !== text);
  toasts.set([...kept, { id, tone, text }].slice(-TOASTS_MAX));
  setTimeout(() => dismiss(id), SHOWN_MS[tone]);
}

/** Says what was wrong with a call that failed, and what to do. */
export function tellFailure(result: CallResult<unknown>): void {
  tell("bad", failureText(result));
}

/** The sentence for a call that failed: the service's own, with the fields it names. */
export function failureText(result: CallResult<unknown>): string {
  switch (result.kind) {
    case "ok":
      return "";
    case "offline":
      return t("failure.offline");
    case "absent":
      return t("failure.absent");
    case "refused": {
      const fields = result.errors.map(({ path, message }) => `${path} ${message}`).join("; ");
      if (fields !== "") return t("failure.fields", { fields });
      if (result.detail !== "") return sentencesOf(result.title, result.detail);
      return t("failure.status", { status: result.status });
    }
  }
}

/** The title says what was wrong, the detail what to do; some details say both. */
function sentencesOf(title: string, detail: string): string {
  return title === "" || detail.startsWith(title) ? detail : `${title}. ${detail}`;
}

function dismiss(id: number): void {
  toasts.set(toasts.value.filter((toast) => toast.id !== id));
}

/** The region is always there: screen readers announce changes of a region they know, not new regions. */
export function Toasts() {
  return (
    <div class="toasts" role="log" aria-live="polite" aria-label={t("shell.messages")}>
      {useCell(toasts).map(({ id, tone, text }) => (
        <div key={id} class={`toast ${tone}`}>
          <Icon name={tone === "good" ? "check" : "alert"} />
          <p>{text}</p>
          <button
            type="button"
            class="icon-button"
            aria-label={t("action.dismiss")}
            onClick={() => dismiss(id)}
          >
            <Icon name="close" />
          </button>
        </div>
      ))}
    </div>
  );
}
