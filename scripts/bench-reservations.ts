/**
 * How many reservations one replica takes, each committed before its answer, beside a bare Bun.serve on the same
 * machine:
 *
 *   scripts/build && bun scripts/bench-reservations.ts [--seconds 5] [--connections 100] [--rounds 3]
 *
 * Both are loaded by autocannon with the same request, in turn, so that whatever else the machine does hurts both.
 * Afterwards stock and reservations are compared with the answers in the database itself. Reservations expire after
 * two seconds and give their stock back, so the figure contains the work of their end. CATRACA_BINARY names another
 * executable than dist/catraca.
 */
import { Database } from "bun:sqlite";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

const root = resolve(import.meta.dir, "..");
const { CATRACA_BINARY = join(root, "dist/catraca") } = process.env;
const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "5" },
    connections: { type: "string", default: "100" },
    rounds: { type: "string", default: "3" },
  },
});
const PRODUCT = { id: 1, price: 18.9 };
/** More than can be sold: the figure is about reserving, not about refusing. */
const STOCK = 1_000_000_000;
const TTL_SECONDS = 2;
const BODY = JSON.stringify({
  product_id: PRODUCT.id,
  user_id: 7,
  quantity: 1,
  total_price: PRODUCT.price,
});
const ANSWER = JSON.stringify({
  message: "Reserved",
  reserve_id: Bun.randomUUIDv7(),
  expires_at: "2025-07-15T12:49:56.123Z",
});

/** What autocannon says of one run. */
interface Run {
  readonly "2xx": number;
  readonly non2xx: number;
  readonly errors: number;
  readonly duration: number;
  readonly latency: { readonly p50: number; readonly p99: number };
}

async function load(url: string): Promise<Run> {
  const autocannon = Bun.spawn(
    [
      join(root, "node_modules/.bin/autocannon"),
      ...["-c", values.connections, "-d", values.seconds, "-m", "POST", "-b", BODY, "-j"],
      ...["-H", "content-type: application/json", url],
    ],
    { stdout: "pipe", stderr: "ignore" },
  );
  return (await new Response(autocannon.stdout).json()) as Run; // autocannon's own format
}

/** Starts a program that says its address on standard output. */
async function start(command: string[], env: Record<string, string>) {
  const child = Bun.spawn(command, {
    env: { PATH: "/usr/bin:/bin", ...env },
    stdout: "pipe",
    stderr: "inherit",
  });
  const stop = async () => {
    child.kill();
    await child.exited;
  };
  let output = "";
  const decoder = new TextDecoder();
  for await (const chunk of child.stdout) {
    output += decoder.decode(chunk, { stream: true });
    const url = /"url":"([^"]+)"/.exec(output)?.[1];
    if (url !== undefined) return { url, stop };
  }
  throw new Error(`it did not start: ${output}`);
}

const bareSource = `const s = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: async (request) => {
  await request.json();
  return new Response(${JSON.stringify(ANSWER)}, { status: 201, headers: { "content-type": "application/json" } });
} }); console.log(JSON.stringify({ url: "http://127.0.0.1:" + s.port }));`;

const dataDir = mkdtempSync(join(tmpdir(), "catraca-bench-"));
const databaseFile = join(dataDir, "catraca.db");
const bare = await start([process.execPath, "-e", bareSource], {});
const replica = await start([CATRACA_BINARY, "serve"], {
  PORT: "0",
  DATA_DIR: dataDir,
  REPLICA_ID: "bench",
  RESERVATION_TTL_SECONDS: String(TTL_SECONDS),
});
await fetch(`${replica.url}/`, { method: "POST" });
const database = new Database(databaseFile, { readwrite: true });
database.run("PRAGMA busy_timeout = 5000");
database.run("UPDATE products SET quantity = ? WHERE id = ?", [STOCK, PRODUCT.id]);

const figure = <Row>(sql: string) => database.query<Row, []>(sql).get();
const perSecond = (run: Run) => run["2xx"] / run.duration;
const best = (runs: readonly Run[]) => Math.max(...runs.map(perSecond));
const show = (what: string, run: Run) =>
  console.log(
    `${what.padEnd(16)} ${Math.round(perSecond(run)).toString().padStart(7)}/s   p50 ${run.latency.p50} ms, p99 ${run.latency.p99} ms`,
  );

const bareRuns: Run[] = [];
const runs: Run[] = [];
let answered = 0;
for (let round = 0; round < Number(values.rounds); round++) {
  const bareRun = await load(bare.url);
  bareRuns.push(bareRun);
  show("bare Bun.serve", bareRun);
  const run = await load(`${replica.url}/reserve`);
  if (run.non2xx + run.errors > 0) throw new Error(`${run.non2xx + run.errors} requests failed`);
  runs.push(run);
  answered += run["2xx"];
  show("reservations", run);
}

const stored = figure<{ count: number; held: number }>(
  "SELECT count(*) AS count, sum(held) AS held FROM reservations",
);
const stock = figure<{ quantity: number }>(`SELECT quantity FROM products WHERE id = ${PRODUCT.id}`);
const isBalanced = (stock?.quantity ?? 0) + (stored?.held ?? 0) === STOCK;
// Requests whose answers autocannon did not wait for at the end may be stored, too.
const unanswered = (stored?.count ?? 0) - answered;
if (!isBalanced || unanswered < 0 || unanswered > Number(values.connections) * runs.length) {
  throw new Error(
    `${answered} answered, ${stored?.count} stored, stock ${stock?.quantity}, held ${stored?.held}`,
  );
}
const ratio = best(runs) / best(bareRuns);
console.log(
  `best: ${Math.round(best(runs))} durable reservations/s, ${(ratio * 100).toFixed(0)} % of bare Bun.serve; stock adds up`,
);
database.close();
await replica.stop();
await bare.stop();
rmSync(dataDir, { recursive: true, force: true });
