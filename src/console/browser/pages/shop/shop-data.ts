import { call } from "../../call.ts";
import { newId } from "../pay/payer.ts";
import { type CardForm, toCard } from "./card-fields.tsx";

export interface Product {
  readonly id: number;
  readonly name: string;
  readonly price: number;
  readonly quantity: number;
}

export interface Order {
  readonly payment_id: string;
  readonly reserve_id: string;
  readonly product_id: number;
  readonly user_id: number | string;
  readonly quantity: number;
  readonly total_price: number;
  readonly status: number;
  readonly status_name: string;
  readonly attempts: number;
  readonly last_error: string | null;
  readonly card_last4: string | null;
}

export const productsPath = (name: string) =>
  name.trim() === "" ? "/findAll" : `/findByName/${encodeURIComponent(name.trim())}`;

export function fillCatalogue() {
  return call("/", { method: "POST", body: {}, headers: { "idempotency-key": newId() } });
}

/** Reserves and pays, as a shop would do it in two steps. */
export async function buy(product: Product, quantity: number, userId: number, card: CardForm) {
  const total_price = Math.round(product.price * 10_000 * quantity) / 10_000;
  const item = { product_id: product.id, user_id: userId, quantity, total_price };
  const reserved = await call<{ readonly reserve_id: string }>("/reserve", { method: "POST", body: item });
  if (reserved.kind !== "ok") return reserved;
  const { reserve_id } = reserved.data;
  const produto = { ...item, reserve_id, price: product.price };
  return call<{ readonly payment_id: string }>("/payment", {
    method: "POST",
    body: { produto, card: toCard(card) },
    headers: { "idempotency-key": newId() },
  });
}
