import { useEffect } from "preact/hooks";
import { call } from "./call.ts";
import { Cell, useCell } from "./cell.ts";
import { session } from "./session.ts";

/** Whether this browser may change anything: the service decides, and decides again at every call. */
export type Access =
  | { readonly kind: "asking" }
  | { readonly kind: "allowed" }
  /** A token is configured, and this browser has none or a wrong one. */
  | { readonly kind: "token"; readonly wrong: boolean }
  /** No token is configured: only programs on the service's machine may. */
  | { readonly kind: "local" };

const access = new Cell<Access>({ kind: "asking" });

interface AccessAnswer {
  readonly allowed: boolean;
  readonly code: string | null;
  readonly wrongToken: boolean;
}

/** Asks again; resolves with the answer. */
export async function askAccess(): Promise<Access> {
  const result = await call<AccessAnswer>("/api/console/access");
  if (result.kind === "ok") access.set(readAccess(result.data));
  return access.value;
}

/** Keeps the answer fresh while the console is open. */
export function useAccessCheck(): void {
  const token = useCell(session);
  // another token may have another answer
  useEffect(() => void askAccess(), [token]);
}

export function useAccess(): Access {
  return useCell(access);
}

/** True when this browser may change something. */
export function useMayChange(): boolean {
  return useCell(access).kind === "allowed";
}

function readAccess({ allowed, code, wrongToken }: AccessAnswer): Access {
  if (allowed) return { kind: "allowed" };
  return code === "ADMIN_LOCAL_ONLY" ? { kind: "local" } : { kind: "token", wrong: wrongToken };
}
