import { type CallResult, call } from "../../call.ts";
import { newId } from "../pay/payer.ts";

export interface User {
  readonly id: number;
  readonly balance: number;
  readonly held: number;
  readonly available: number;
}

export interface UserEntry {
  readonly transaction_id: string;
  readonly type: string;
  readonly payment_id: string | number | null;
  readonly amount: number;
  readonly balance_after: number;
  readonly created_at: string;
}

export interface Wallet {
  readonly wallet_uuid: string;
  readonly balance: number;
}

export interface WalletOperation {
  readonly operation_id: string;
  readonly operationType: "DEPOSIT" | "WITHDRAW";
  readonly amount: number;
  readonly status: "queued" | "applied" | "rejected";
  readonly reason: string | null;
  readonly balance_after: number | null;
  readonly created_at: string;
}

export type Kind = "user" | "wallet";

export const userPath = (id: string) => `/api/v1/users/${encodeURIComponent(id)}`;
export const walletPath = (uuid: string) => `/api/v1/wallets/${encodeURIComponent(uuid)}`;

/** Creates an account and resolves with its id. */
export async function createAccount(kind: Kind, balance: string): Promise<CallResult<string>> {
  if (kind === "user") {
    const created = await post<{ readonly id: number }>("/api/v1/users", { balance });
    return created.kind === "ok" ? { ...created, data: String(created.data.id) } : created;
  }
  const created = await post<Wallet>("/api/v1/wallets", { initial_balance: balance });
  return created.kind === "ok" ? { ...created, data: created.data.wallet_uuid } : created;
}

export function moveMoney(kind: Kind, id: string, direction: "deposit" | "withdraw", amount: string) {
  if (kind === "wallet") {
    const operationType = direction === "deposit" ? "DEPOSIT" : "WITHDRAW";
    return post<unknown>(`${walletPath(id)}/operation?sync=true`, { operationType, amount });
  }
  const field = direction === "deposit" ? "deposit" : "amount";
  return post<unknown>(`/api/v1/payments/${direction}`, { user_id: Number(id), [field]: amount });
}

function post<Data>(path: string, body: unknown) {
  return call<Data>(path, { method: "POST", body, headers: { "idempotency-key": newId() } });
}
