import { formatMoment } from "../format.ts";
import type { Listing } from "../listing.ts";
import { t } from "../words/words.ts";
import { Spinner } from "./feedback.tsx";

/** The end of a listing: how much is shown, and the way to more. */
export function More({ listing }: { readonly listing: Listing<unknown> }) {
  const { items, next, searchedTo, loading, more } = listing;
  return (
    <footer class="more">
      <span class="soft" role="status">
        {t("list.shown", { count: items.length })}
        {searchedTo === null || next === null
          ? ""
          : ` · ${t("list.searchedTo", { time: formatMoment(searchedTo) })}`}
      </span>
      {next === null ? null : (
        <button type="button" class="button" disabled={loading} onClick={more}>
          {loading ? <Spinner /> : null}
          {t("list.more")}
        </button>
      )}
    </footer>
  );
}
