/**
 * Whether a page of another origin made a browser send this request. Browsers say so in `Sec-Fetch-Site` (Fetch
 * Metadata); older ones only in `Origin`, which they add to every POST. Programs send neither.
 */
export function isFromAnotherOrigin(headers: Headers): boolean {
  const site = headers.get("sec-fetch-site");
  // "none": the person typed the address or opened a bookmark.
  if (site !== null) return site !== "same-origin" && site !== "none";
  const origin = headers.get("origin");
  if (origin === null) return false;
  const host = headers.get("host");
  // The scheme is left out: behind nginx a page of ours has https, and this request http.
  return host === null || origin.replace(/^https?:\/\//, "") !== host;
}
