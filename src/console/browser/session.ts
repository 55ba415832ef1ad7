import { Cell } from "./cell.ts";

/**
 * The administrator's token, or null: then the console only reads. It stays in this tab (sessionStorage) and is
 * gone when the tab is closed; neither a cookie nor another tab ever has it.
 */
const KEY = "catraca.admin-token";

export const session = new Cell<string | null>(sessionStorage.getItem(KEY));

export function signIn(token: string): void {
  sessionStorage.setItem(KEY, token);
  session.set(token);
}

export function signOut(): void {
  sessionStorage.removeItem(KEY);
  session.set(null);
}
