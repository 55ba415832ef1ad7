import { pick } from "../simulation/seeded-random.ts";

/** Ids, cursors and prices that earlier answers have named, by the name they had there; the latest are kept. */
export class KnownIds {
  readonly #values = new Map<string, (string | number)[]>();
  readonly #products: Product[] = [];
  readonly #reservations: Reservation[] = [];

  /** Takes what an answer to `path` names. */
  learn(path: string, value: unknown): void {
    if (Array.isArray(value)) {
      for (const item of value.slice(0, 20)) this.learn(path, item);
    } else if (typeof value === "object" && value !== null) {
      this.#learnProduct(value);
      for (const [name, field] of Object.entries(value)) {
        if (typeof field === "object") this.learn(path, field);
        else if (NAMES.has(name) && (typeof field === "string" || typeof field === "number")) {
          this.#keep(name === "id" || name === "name" ? `${name} of ${resourceOf(path)}` : name, field);
        }
      }
    }
  }

  /** A value for the parameter `name` of `path` that exists or has existed; undefined if none is known. */
  draw(random: () => number, path: string, name: string): string | number | undefined {
    const own = this.#values.get(answerName(path, name));
    const values = own !== undefined && random() < 0.9 ? own : [...this.#values.values()].flat();
    return values.length === 0 ? undefined : pick(random, values);
  }

  /** Remembers a reservation with what was said to make it. */
  learnReservation(reserveId: string, { product_id, user_id, quantity }: ReservedProduct): void {
    keepLatest(this.#reservations, { reserve_id: reserveId, product_id, user_id, quantity });
  }

  /** A body for POST /reserve whose price is right. */
  purchase(random: () => number): (ReservedProduct & { total_price: number }) | null {
    if (this.#products.length === 0) return null;
    const { id, price } = pick(random, this.#products);
    const quantity = pick(random, [1, 1, 2, 3, 100]);
    const user_id = Math.floor(random() * 1e6);
    return { product_id: id, user_id, quantity, total_price: rounded(price * quantity) };
  }

  /** The field `produto` of POST /payment for something that was reserved. */
  order(random: () => number): object | null {
    if (this.#reservations.length === 0) return null;
    const reservation = pick(random, this.#reservations);
    const product = this.#products.find(({ id }) => id === reservation.product_id);
    if (product === undefined) return null;
    const { price } = product;
    return { ...reservation, price, total_price: rounded(price * reservation.quantity) };
  }

  #learnProduct(value: object): void {
    if (!("id" in value && "price" in value && "name" in value)) return;
    const { id, price } = value;
    if (typeof id !== "number" || typeof price !== "number") return;
    if (!this.#products.some((known) => known.id === id)) this.#products.push({ id, price });
  }

  #keep(name: string, value: string | number): void {
    const values = this.#values.get(name) ?? [];
    this.#values.set(name, values);
    if (!values.includes(value)) keepLatest(values, value);
  }
}

interface Product {
  readonly id: number;
  readonly price: number;
}
export interface ReservedProduct {
  readonly product_id: number;
  readonly user_id: number;
  readonly quantity: number;
}
interface Reservation extends ReservedProduct {
  readonly reserve_id: string;
}

const KEPT_MAX = 30;
const NAMES: ReadonlySet<string> = new Set([
  "id",
  "correlationId",
  "paymentId",
  "payment_id",
  "user_id",
  "userId",
  "wallet_uuid",
  "operation_id",
  "reserve_id",
  "product_id",
  "reference_id",
  "next",
  "name",
  "source",
]);

/** What the parameter `id` of a path is called in answers. */
const ID_NAMES: readonly (readonly [path: string, name: string])[] = [
  ["/api/v1/users", "id of users"],
  ["/api/v1/payments", "payment_id"],
  ["/operations/", "operation_id"],
  ["/findById", "id of products"],
  ["/reserve", "reserve_id"],
  ["/payment/", "payment_id"],
  ["/dlq/requeue", "id of jobs"],
  ["/dlq/discard", "id of jobs"],
  ["/dlq/jobs", "id of jobs"],
  ["/dlq", "id of letters"],
  ["/topics", "topic"],
  ["/api/console/payments", "id of payments"],
];

/** What the parameter `name` of `path` is called in answers. */
function answerName(path: string, name: string): string {
  if (name === "uuid") return "wallet_uuid";
  if (name === "name") return path.startsWith("/topics") ? "name of topic" : "name of products";
  return NAMES.has(name) && name !== "id" ? name : idName(path);
}

function idName(path: string): string {
  return ID_NAMES.find(([part]) => path.includes(part))?.[1] ?? "correlationId";
}

function resourceOf(path: string): string {
  if (path.includes("/find")) return "products";
  return idName(path).replace(/^id of /, "");
}

function keepLatest<Value>(values: Value[], value: Value): void {
  values.push(value);
  if (values.length > KEPT_MAX) values.shift();
}

function rounded(amount: number): number {
  return Math.round(amount * 10_000) / 10_000;
}
