/**
 * Who pays: a UUID of the visitor's own, in a cookie, and the ids of the payments made with it, kept in this
 * browser. The payments themselves are asked from the service, which is the only one to know their state.
 */
const COOKIE = "catraca_payer";
const YEAR_SECONDS = 365 * 24 * 3600;
/** Ids kept per payer; older payments are found on the page of all payments. */
const IDS_MAX = 200;

export function readPayer(): string {
  const stored = document.cookie.split("; ").find((pair) => pair.startsWith(`${COOKIE}=`));
  const id = stored?.slice(COOKIE.length + 1) ?? "";
  return /^[0-9a-f-]{36}$/.test(id) ? id : newPayer();
}

export function newPayer(): string {
  const id = newId();
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is not everywhere yet
  document.cookie = `${COOKIE}=${id}; path=/; max-age=${YEAR_SECONDS}; samesite=strict`;
  return id;
}

/** Newest first. */
export function readPaymentIds(payer: string): readonly string[] {
  try {
    const ids: unknown = JSON.parse(localStorage.getItem(keyOf(payer)) ?? "[]");
    return Array.isArray(ids) ? ids.filter((id) => typeof id === "string") : [];
  } catch {
    return [];
  }
}

export function keepPaymentIds(payer: string, ids: readonly string[]): void {
  localStorage.setItem(keyOf(payer), JSON.stringify(ids.slice(0, IDS_MAX)));
}

/** A random UUID; `crypto.randomUUID` exists on secure origins only, and the console also runs on plain HTTP. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const hex = [...bytes].map((byte, index) => {
    const marked = index === 6 ? (byte & 0x0f) | 0x40 : index === 8 ? (byte & 0x3f) | 0x80 : byte;
    return marked.toString(16).padStart(2, "0");
  });
  return hex.join("").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

function keyOf(payer: string): string {
  return `catraca.payments.${payer}`;
}
