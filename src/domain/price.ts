import type { Cents, TenThousandths } from "./money.ts";
import { PRICE_MAX_TEN_THOUSANDTHS } from "./money.ts";

/** What `quantity` pieces cost; exact. Null if it is beyond the largest amount. */
export function totalPrice(price: TenThousandths, quantity: number): TenThousandths | null {
  // Compared by division: the product itself could be beyond the safe integers.
  if (quantity > Math.floor(PRICE_MAX_TEN_THOUSANDTHS / price)) return null;
  return (price * quantity) as TenThousandths; // a safe integer within the limit, as just checked
}

/** A total in the cents that a card is charged with: rounded once, half up (CONTRACTS, section B). */
export function chargeOf(total: TenThousandths): Cents {
  return Math.floor((total + 50) / 100) as Cents; // a whole number below the limit of totals
}

/** A price as the JSON number of an answer, with at most 4 decimals. */
export function toPrice(tenThousandths: number): number {
  return tenThousandths / 10_000;
}
