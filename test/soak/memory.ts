import { Recent } from "./recent.ts";

export interface Product {
  readonly id: number;
  readonly price: number;
}

export interface Reservation {
  readonly id: string;
  readonly product: Product;
  readonly user: number;
}

const RECENT_MAX = 400;

/** What the load has made and may ask for: a fixed number of each, so that it does not grow itself. */
export class Memory {
  readonly payments = new Recent<string>(RECENT_MAX);
  readonly reservations = new Recent<Reservation>(RECENT_MAX);
  readonly orders = new Recent<string>(RECENT_MAX);
  readonly users = new Recent<number>(RECENT_MAX);
  readonly userPayments = new Recent<number>(RECENT_MAX);
  readonly accountPayments = new Recent<string>(RECENT_MAX);
  readonly wallets = new Recent<string>(RECENT_MAX);
}
