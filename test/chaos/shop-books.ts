import { call } from "../e2e/client.ts";
import { forEachLimited } from "../e2e/seed.ts";
import type { OrderView, ProductView } from "../e2e/shop.ts";
import { type BookEntry, Comparison } from "./book.ts";
import type { ChaosSet } from "./chaos-set.ts";
import type { DatabaseReader } from "./database-reader.ts";
import type { ShopFlow } from "./shop-flow.ts";

const READS_AT_ONCE = 16;

/** The books of section B: ours, the card gateway's, and the stock. */
export async function compareShop(
  set: ChaosSet,
  flow: ShopFlow,
  database: DatabaseReader,
): Promise<BookEntry[]> {
  const { url } = set.balancer;
  const { cardGateway } = set.upstreams;
  const orders = new Comparison(
    "R1 R3 R5",
    "B: acknowledged orders are final; authorized is what was charged",
  );
  let authorized = 0;
  await forEachLimited(flow.orders, READS_AT_ONCE, async ([id, { reserveId, cents }]) => {
    const { status, body } = await call(`${url}/payment/${id}`);
    if (status !== 200) return orders.expect(false, () => `order ${id} is answered ${status}`);
    const order = body as OrderView; // the shape of the contract
    const charge = await cardGateway.find(id);
    const isCharged = charge?.status === "AUTHORIZED";
    if (order.status_name === "AUTHORIZED") authorized++;
    orders.expect(order.status >= 2, () => `order ${id} is still ${order.status_name}: ${order.last_error}`);
    orders.expect((order.status_name === "AUTHORIZED") === isCharged, () => {
      return `order ${id} is ${order.status_name} (${order.last_error}), at the gateway ${charge?.status}`;
    });
    if (isCharged) orders.same(`cents of order ${id}`, charge.amountCents, cents);
    orders.same(`reservation of order ${id}`, order.reserve_id, reserveId);
  });
  orders.same("references that the card gateway charged", await cardGateway.authorizedCount(), authorized);
  orders.same("orders in the database", database.count("orders"), flow.orders.size);

  const stock = new Comparison(
    "R10",
    "B: what there was = left + reserved + sold; each reservation ends once",
  );
  const held = database.heldPieces();
  const { body } = await call(`${url}/findAll`);
  // The shape of the contract.
  for (const { id, quantity } of body as ProductView[]) {
    const pieces = quantity + (held.get(id) ?? 0);
    stock.same(`pieces of product ${id}`, pieces, flow.stock.get(id));
    stock.expect(quantity >= 0, () => `there are ${quantity} pieces of product ${id}`);
  }
  stock.same("reservations in the database", database.count("reservations"), flow.reservations.size);
  stock.add(flow.reservations.size, database.reservationContradictions());
  return [orders.entry(`${authorized} authorized`), stock.entry()];
}
