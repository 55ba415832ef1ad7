import { Cell } from "./cell.ts";

/**
 * Where the console is: all of it behind the `#`, so that the server's own paths stay free and a link with its
 * filters can be sent to somebody.
 *
 *   #/payments/0198…?state=dead    page "payments", subject "0198…", filters {state: "dead"}
 */
export interface Route {
  readonly page: string;
  /** What the page shows in detail; null for its listing. */
  readonly subject: string | null;
  readonly filters: URLSearchParams;
}

export const route = new Cell(readRoute(location.hash));

addEventListener("hashchange", () => route.set(readRoute(location.hash)));

export function readRoute(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const [page = "", subject = ""] = path.split("/", 2);
  return {
    page: page === "" ? "overview" : page,
    subject: subject === "" ? null : decodeURIComponent(subject),
    filters: new URLSearchParams(query),
  };
}

/** The address of a place; empty filters are left out. */
export function linkTo(page: string, subject?: string | null, filters: Filters = {}): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(filters)) if (value !== "") query.set(name, value);
  const path = subject === undefined || subject === null ? page : `${page}/${encodeURIComponent(subject)}`;
  return `#/${path}${query.size > 0 ? `?${query}` : ""}`;
}

export type Filters = Readonly<Record<string, string>>;

/** Puts the filters into the address without a step in the browser's history for every key stroke. */
export function replaceFilters(filters: Filters): void {
  const { page, subject } = route.value;
  history.replaceState(null, "", linkTo(page, subject, filters));
  route.set(readRoute(location.hash));
}

/** Goes to a place, as if its link had been followed. */
export function goTo(href: string): void {
  location.hash = href;
}
