/** Section B as its clients see it, and the card gateway behind it. */
import { CardGatewaySimulator } from "../../src/simulator/card-gateway.ts";
import { requestPath } from "../../src/simulator/processor-api.ts";
import { type Answer, call, post } from "./client.ts";
import { until } from "./until.ts";

export interface ProductView {
  readonly id: number;
  readonly name: string;
  readonly price: number;
  readonly quantity: number;
}

export interface OrderView {
  readonly payment_id: string;
  readonly reserve_id: string;
  readonly product_id: number;
  readonly quantity: number;
  readonly status: number;
  readonly status_name: "PENDING" | "PROCESSING" | "AUTHORIZED" | "FAILED";
  readonly attempts: number;
  readonly last_error: string | null;
  readonly card_last4: string;
}

export const CARD = {
  card_number: "4111111111111111",
  card_exp_month: 12,
  card_exp_year: 2031,
  card_security_code: "123",
};

/** A card gateway on a port of this process: it lives through every kill of the gateway under test. */
export class CardGateway {
  readonly simulator = new CardGatewaySimulator();
  readonly #server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 0,
    fetch: (request) => this.simulator.handle(request, requestPath(request.url)),
  });

  get url(): string {
    return `http://127.0.0.1:${this.#server.port}`;
  }

  /** One of its switches: delay, failure, decline, faults. */
  async set(name: string, body: object): Promise<void> {
    const headers = { "x-rinha-token": "123", "content-type": "application/json" };
    const init = { method: "PUT", headers, body: JSON.stringify(body) };
    const answer = await call(`${this.url}/admin/configurations/${name}`, init);
    if (answer.status !== 200) throw new Error(`the card gateway answered ${answer.status}`);
  }

  async heal(): Promise<void> {
    await this.set("delay", { delay: 0 });
    await this.set("failure", { failure: false });
    await this.set("decline", { decline: false });
    await this.set("faults", {});
  }

  stop(): Promise<void> {
    return this.#server.stop(true);
  }
}

/** One shop; its address may change with each start of the gateway. */
export class ShopClient {
  readonly #url: () => string;

  constructor(url: () => string) {
    this.#url = url;
  }

  async products(): Promise<readonly ProductView[]> {
    return (await call(`${this.#url()}/findAll`)).body as ProductView[]; // the shape of the contract
  }

  async product(id: number): Promise<ProductView> {
    const [product] = (await call(`${this.#url()}/findById/${id}`)).body as ProductView[]; // as above
    if (product === undefined) throw new Error(`there is no product ${id}`);
    return product;
  }

  reserve(product: ProductView, quantity: number, userId: number | string, headers = {}): Promise<Answer> {
    const total = totalOf(product, quantity);
    const body = { product_id: product.id, user_id: userId, quantity, total_price: total };
    return post(`${this.#url()}/reserve`, body, headers);
  }

  /** A reservation that must succeed. @returns its id */
  async reserved(product: ProductView, quantity: number, userId: number | string): Promise<string> {
    const answer = await this.reserve(product, quantity, userId);
    if (answer.status !== 201) throw new Error(`POST /reserve answered ${answer.status}: ${answer.text}`);
    return (answer.body as { reserve_id: string }).reserve_id; // the shape of the contract
  }

  order(
    product: ProductView,
    quantity: number,
    userId: number | string,
    reserveId: string,
    { card = CARD as object, headers = {} } = {},
  ): Promise<Answer> {
    const produto = {
      reserve_id: reserveId,
      product_id: product.id,
      user_id: userId,
      price: product.price,
      quantity,
      total_price: totalOf(product, quantity),
    };
    return post(`${this.#url()}/payment`, { produto, card }, headers);
  }

  /** An order that must be accepted, with its reservation. @returns its id */
  async ordered(
    product: ProductView,
    quantity: number,
    userId: number | string,
    card: object = CARD,
  ): Promise<string> {
    const reserveId = await this.reserved(product, quantity, userId);
    const answer = await this.order(product, quantity, userId, reserveId, { card });
    if (answer.status !== 202) throw new Error(`POST /payment answered ${answer.status}: ${answer.text}`);
    return (answer.body as { payment_id: string }).payment_id; // the shape of the contract
  }

  async find(paymentId: string): Promise<OrderView | null> {
    const answer = await call(`${this.#url()}/payment/${paymentId}`);
    return answer.status === 200 ? (answer.body as OrderView) : null; // the shape of the contract
  }

  /** The order once it is authorized or has failed. */
  ended(paymentId: string, timeoutMs = 10_000): Promise<OrderView> {
    return until(`order ${paymentId} to end`, timeoutMs, async () => {
      const order = await this.find(paymentId);
      return order !== null && order.status >= 2 && order;
    });
  }
}

/** To the fourth decimal, as the catalogue computes it. */
export function totalOf({ price }: ProductView, quantity: number): number {
  return Math.round(price * 10_000 * quantity) / 10_000;
}
