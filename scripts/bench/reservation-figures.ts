import { Database } from "bun:sqlite";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Effort } from "./accept-figures.ts";
import { type Figure, median } from "./figure.ts";
import { load, startBareServer, startGateway } from "./processes.ts";

const PRODUCT = { id: 1, price: 18.9 };
/** More than can be sold: the figure is about reserving, not about refusing. */
const STOCK = 1_000_000_000;
const BODY = JSON.stringify({ product_id: PRODUCT.id, user_id: 7, quantity: 1, total_price: PRODUCT.price });
/** Reservations expire and give their stock back during the run: the figure contains the work of their end. */
const TTL_SECONDS = "2";

/** Reservations through one replica, each committed before its answer; afterwards the stock has to add up. */
export async function reservations(goal: number, { rounds, seconds }: Effort): Promise<Figure> {
  const rates: number[] = [];
  const ratios: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const bare = await startBareServer();
    const yardstick = await load({ url: bare.url, connections: 100, seconds, body: BODY });
    await bare.stop();
    const rate = await reservationsPerSecond(seconds);
    rates.push(rate);
    ratios.push(rate / yardstick.perSecond);
  }
  return {
    name: "durable reservations/s",
    goal: `≥ ${goal}`,
    values: rates,
    note: `${(median(ratios) * 100).toFixed(0)} % of bare \`Bun.serve\`; each waits for its commit`,
    met: median(rates) >= goal,
  };
}

async function reservationsPerSecond(seconds: number): Promise<number> {
  const dataDir = mkdtempSync(join(tmpdir(), "catraca-bench-"));
  const gateway = await startGateway({ DATA_DIR: dataDir, RESERVATION_TTL_SECONDS: TTL_SECONDS });
  const database = new Database(join(dataDir, "catraca.db"), { readwrite: true });
  try {
    await fetch(`${gateway.url}/`, { method: "POST" });
    database.run("PRAGMA busy_timeout = 5000");
    database.run("UPDATE products SET quantity = ? WHERE id = ?", [STOCK, PRODUCT.id]);
    const result = await load({ url: `${gateway.url}/reserve`, connections: 100, seconds, body: BODY });
    if (result.other > 0) throw new Error(`${result.other} reservations were refused`);
    checkStock(database, result.accepted);
    return result.perSecond;
  } finally {
    database.close();
    await gateway.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

function checkStock(database: Database, answered: number): void {
  const stored = database
    .query<{ count: number; held: number }, []>(
      "SELECT count(*) AS count, sum(held) AS held FROM reservations",
    )
    .get();
  const stock = database
    .query<{ quantity: number }, [number]>("SELECT quantity FROM products WHERE id = ?")
    .get(PRODUCT.id);
  const isBalanced = (stock?.quantity ?? 0) + (stored?.held ?? 0) === STOCK;
  if (!isBalanced || (stored?.count ?? 0) < answered) {
    throw new Error(
      `${answered} answered, ${stored?.count} stored, stock ${stock?.quantity}, held ${stored?.held}`,
    );
  }
}
