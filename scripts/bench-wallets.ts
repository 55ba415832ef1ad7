/**
 * How many operations one wallet takes through one replica, beside a bare Bun.serve on the same machine:
 *
 *   scripts/build && bun scripts/bench-wallets.ts [--seconds 5] [--connections 50] [--rounds 3]
 *
 * Both are loaded by autocannon with the same request, in turn, so that whatever else the machine does hurts both. An
 * operation counts when it was answered 2xx; the time until the last of them is in the committed balance counts, too.
 * CATRACA_BINARY names another executable than dist/catraca.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

const root = resolve(import.meta.dir, "..");
const { CATRACA_BINARY = join(root, "dist/catraca") } = process.env;
const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "5" },
    connections: { type: "string", default: "50" },
    rounds: { type: "string", default: "3" },
  },
});
const BODY = '{"operationType":"DEPOSIT","amount":0.01}';
const ANSWER = `{"status":"queued","detail":"Operation is queued for async processing","operation_id":"${Bun.randomUUIDv7()}"}`;

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

/** A replica in a directory of its own. */
async function startReplica(): Promise<{ url: string; stop: () => Promise<void> }> {
  const dataDir = mkdtempSync(join(tmpdir(), "catraca-bench-"));
  const replica = Bun.spawn([CATRACA_BINARY, "serve"], {
    env: { PATH: "/usr/bin:/bin", PORT: "0", DATA_DIR: dataDir, REPLICA_ID: "bench" },
    stdout: "pipe",
    stderr: "inherit",
  });
  const stop = async () => {
    replica.kill();
    await replica.exited;
    rmSync(dataDir, { recursive: true, force: true });
  };
  let output = "";
  const decoder = new TextDecoder();
  for await (const chunk of replica.stdout) {
    output += decoder.decode(chunk, { stream: true });
    const url = /"url":"([^"]+)"/.exec(output)?.[1];
    if (url !== undefined) return { url, stop };
  }
  throw new Error(`the replica did not start: ${output}`);
}

async function balanceCents(walletUrl: string): Promise<number> {
  const { balance } = (await (await fetch(walletUrl)).json()) as { balance: number }; // CONTRACTS, section E
  return Math.round(balance * 100);
}

/** Waits until the committed balance has reached this. @returns how long that took */
async function untilApplied(cents: number): Promise<number> {
  const startedAt = performance.now();
  while ((await balanceCents(walletUrl)) < cents && performance.now() - startedAt < 20_000)
    await Bun.sleep(1);
  return (performance.now() - startedAt) / 1000;
}

/** Seconds that the store thread has spent in transactions. */
async function commitSeconds(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(/^catraca_commit_duration_seconds_sum (\S+)$/m.exec(text)?.[1] ?? Number.NaN);
}

const perSecond = (run: Run) => run["2xx"] / run.duration;
const best = (runs: readonly Run[]) => Math.max(...runs.map(perSecond));
const row = (what: string, run: Run) =>
  `${what.padEnd(16)} ${Math.round(perSecond(run)).toString().padStart(7)}/s   p50 ${run.latency.p50} ms, p99 ${run.latency.p99} ms`;

const bare = Bun.spawn(
  [
    process.execPath,
    "-e",
    `const s = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: async (r) => { await r.json(); return new Response(${JSON.stringify(ANSWER)}, { headers: { "content-type": "application/json" } }); } }); console.log(s.url.href);`,
  ],
  { stdout: "pipe" },
);
const bareReader = bare.stdout.getReader();
const bareUrl = new TextDecoder().decode((await bareReader.read()).value).trim();
const { url, stop } = await startReplica();
const created = await fetch(`${url}/api/v1/wallets`, {
  method: "POST",
  headers: { "content-type": "application/json" },
  body: '{"initial_balance":0}',
});
const { wallet_uuid: uuid } = (await created.json()) as { wallet_uuid: string }; // CONTRACTS, section E
const walletUrl = `${url}/api/v1/wallets/${uuid}`;

const bareRuns: Run[] = [];
const walletRuns: Run[] = [];
for (let round = 0; round < Number(values.rounds); round++) {
  const bareRun = await load(bareUrl);
  bareRuns.push(bareRun);
  console.log(row("bare Bun.serve", bareRun));
  const [centsBefore, secondsBefore] = [await balanceCents(walletUrl), await commitSeconds(url)];
  const run = await load(`${walletUrl}/operation`);
  const catchUpSeconds = await untilApplied(centsBefore + run["2xx"]);
  const applied = (await balanceCents(walletUrl)) - centsBefore;
  // Requests whose answers autocannon did not wait for at the end may be applied, too.
  const isExact = applied >= run["2xx"] && applied <= run["2xx"] + Number(values.connections);
  if (!isExact || run.non2xx + run.errors > 0) {
    throw new Error(`${run["2xx"]} acknowledged, ${applied} applied, ${run.non2xx + run.errors} failed`);
  }
  walletRuns.push({ ...run, duration: run.duration + catchUpSeconds });
  const storeMicroseconds = (((await commitSeconds(url)) - secondsBefore) / applied) * 1e6;
  console.log(
    `${row("wallet", walletRuns.at(-1) ?? run)}, all applied ${catchUpSeconds.toFixed(2)} s later, store ${storeMicroseconds.toFixed(1)} µs per operation`,
  );
}
const ratio = best(walletRuns) / best(bareRuns);
console.log(
  `best: ${Math.round(best(walletRuns))} operations/s, ${(ratio * 100).toFixed(0)} % of bare Bun.serve`,
);
await stop();
bare.kill();
await bare.exited;
