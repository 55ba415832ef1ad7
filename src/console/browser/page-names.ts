/** The pages in the order of the navigation. */
export const PAGE_NAMES = [
  "overview",
  "pay",
  "payments",
  "dead-letters",
  "topics",
  "accounts",
  "shop",
  "simulator",
] as const;

export type PageName = (typeof PAGE_NAMES)[number];

export function isPageName(name: string): name is PageName {
  return PAGE_NAMES.some((known) => known === name);
}
