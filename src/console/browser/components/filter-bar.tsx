import type { ComponentChildren } from "preact";
import { t } from "../words/words.ts";

/** The filters above a listing. They work as one types, so there is nothing to submit. */
export function FilterBar({ children }: { readonly children: ComponentChildren }) {
  return (
    <search aria-label={t("filter.title")}>
      <form class="panel filters" onSubmit={(event) => event.preventDefault()}>
        {children}
      </form>
    </search>
  );
}
