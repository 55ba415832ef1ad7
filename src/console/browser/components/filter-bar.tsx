import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { t } from "../words/words.ts";

/** Where there is room for them, the filters are open from the start; the same width as in styles/tables.css. */
const ROOM = "(min-width: 721px)";

/** The filters above a listing. They work as one types, so there is nothing to submit. */
export function FilterBar({ children }: { readonly children: ComponentChildren }) {
  const [open] = useState(() => matchMedia(ROOM).matches);
  return (
    <search aria-label={t("filter.title")}>
      <details class="panel filter-box" open={open}>
        <summary>{t("filter.title")}</summary>
        <form class="filters" onSubmit={(event) => event.preventDefault()}>
          {children}
        </form>
      </details>
    </search>
  );
}
