import { wholeBetween } from "../e2e/seed.ts";
import { type ProductView, totalOf } from "../e2e/shop.ts";
import { type Client, codeOf, fieldsOf, posting } from "./client.ts";
import { type Flow, pick } from "./workload.ts";

/** A card number that is nobody's, passes the check digit, and is looked for in everything that was written (R20). */
export const MARKER_CARD = "5398760124683572";

/** Reservations that nobody pays: they expire. */
const ABANDONED_SHARE = 0.3;
/** What an order may be refused for: a pause of the service outlives a reservation. */
const REFUSALS = ["RESERVATION_EXPIRED"];

export interface KnownOrder {
  readonly reserveId: string;
  readonly productId: number;
  readonly quantity: number;
  /** What the card is to be charged, in cents. */
  readonly cents: number;
}

/** Section B: somebody reserves, and most pay. Each buyer is new, so that no order is taken for a repeat. */
export class ShopFlow implements Flow {
  readonly clients = 5;
  readonly pauseMs = 500;
  readonly reservations = new Set<string>();
  readonly orders = new Map<string, KnownOrder>();
  /** Pieces of each product before anybody came. */
  readonly stock = new Map<number, number>();
  #products: readonly ProductView[] = [];
  #buyers = 0;
  readonly #client: Client;
  readonly #random: () => number;

  constructor(client: Client, random: () => number) {
    this.#client = client;
    this.#random = random;
  }

  async prepare(): Promise<void> {
    await this.#client.answered("B", "/", posting({}, crypto.randomUUID()));
    const { body } = await this.#client.answered("B", "/findAll");
    this.#products = body as ProductView[]; // the shape of the contract
    for (const { id, quantity } of this.#products) this.stock.set(id, quantity);
  }

  async run(): Promise<void> {
    const product = pick(this.#products, this.#random);
    const quantity = wholeBetween(this.#random, 1, 3);
    const userId = `buyer-${++this.#buyers}`;
    const purchase = {
      product_id: product.id,
      user_id: userId,
      quantity,
      total_price: totalOf(product, quantity),
    };
    const reserved = await this.#client.answered("B", "/reserve", posting(purchase, crypto.randomUUID()));
    if (reserved.status !== 201) {
      if (codeOf(reserved) !== "OUT_OF_STOCK") this.#client.surprise(`a reservation of ${userId}`, reserved);
      return;
    }
    const reserveId = String(fieldsOf(reserved.body)["reserve_id"]);
    this.reservations.add(reserveId);
    if (this.#random() >= ABANDONED_SHARE) await this.#order(product, reserveId, purchase);
  }

  async #order(
    product: ProductView,
    reserveId: string,
    purchase: { readonly quantity: number; readonly user_id: string; readonly total_price: number },
  ): Promise<void> {
    const produto = { reserve_id: reserveId, product_id: product.id, price: product.price, ...purchase };
    const card = {
      card_number: MARKER_CARD,
      card_exp_month: 12,
      card_exp_year: 2040,
      card_security_code: "737",
    };
    const ordered = await this.#client.answered(
      "B",
      "/payment",
      posting({ produto, card }, crypto.randomUUID()),
    );
    if (ordered.status === 202) {
      this.orders.set(String(fieldsOf(ordered.body)["payment_id"]), {
        reserveId,
        productId: product.id,
        quantity: purchase.quantity,
        cents: Math.round(purchase.total_price * 100),
      });
    } else if (!REFUSALS.includes(codeOf(ordered))) {
      this.#client.surprise(`the order of ${reserveId}`, ordered);
    }
  }
}
