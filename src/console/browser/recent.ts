/** The last things looked at, kept in this browser: there is no listing of all users or wallets. */
const MAX = 12;

export function readRecent(kind: string): readonly string[] {
  try {
    const ids: unknown = JSON.parse(localStorage.getItem(keyOf(kind)) ?? "[]");
    return Array.isArray(ids) ? ids.filter((id) => typeof id === "string") : [];
  } catch {
    return [];
  }
}

export function keepRecent(kind: string, id: string): void {
  const others = readRecent(kind).filter((known) => known !== id);
  localStorage.setItem(keyOf(kind), JSON.stringify([id, ...others].slice(0, MAX)));
}

function keyOf(kind: string): string {
  return `catraca.recent.${kind}`;
}
