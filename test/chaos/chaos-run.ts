import { seededRandom } from "../simulation/seeded-random.ts";
import { compareAccounts } from "./account-books.ts";
import { AccountFlow } from "./account-flow.ts";
import { type BookEntry, Comparison } from "./book.ts";
import { ChaosSet } from "./chaos-set.ts";
import { Client, type Silence } from "./client.ts";
import { DatabaseReader } from "./database-reader.ts";
import { beginFault } from "./fault-actions.ts";
import { describeStep, drawPlan, type Step } from "./fault-plan.ts";
import { TRACKS } from "./fault-table.ts";
import { LedgerWatch, runAudit } from "./ledger-books.ts";
import { heal, untilQuiet } from "./liveness.ts";
import { comparePayments } from "./payment-books.ts";
import { PaymentFlow } from "./payment-flow.ts";
import { searchSecrets } from "./secret-search.ts";
import { compareShop } from "./shop-books.ts";
import { ShopFlow } from "./shop-flow.ts";
import type { UnexpectedEnd } from "./supervised-replica.ts";
import { compareUsers } from "./user-books.ts";
import { UserFlow } from "./user-flow.ts";
import { compareWallets } from "./wallet-books.ts";
import { WalletFlow } from "./wallet-flow.ts";
import { Workload } from "./workload.ts";

export interface ChaosOptions {
  readonly seed: number;
  /** How long faults happen under load; the checks come on top. */
  readonly loadMs: number;
  readonly print: (line: string) => void;
  /** Directory for what the replicas and nginx have logged. */
  readonly logsTo?: string | undefined;
}

export interface ChaosResult {
  readonly books: readonly BookEntry[];
  /** Faults that happened, by track and name. */
  readonly faults: ReadonlyMap<string, number>;
  readonly answers: ReadonlyMap<string, number>;
  readonly silences: readonly Silence[];
  readonly unexpectedEnds: readonly UnexpectedEnd[];
  /** Starts of all replicas together. */
  readonly lives: number;
  readonly notTested: readonly string[];
}

/**
 * One run: load and faults (safety), no more faults until everything has ended (liveness), then the books.
 * What the machine does between two of our steps is not repeated by the seed; the faults and their times are.
 */
export async function runChaos({ seed, loadMs, print, logsTo }: ChaosOptions): Promise<ChaosResult> {
  const set = await ChaosSet.start(seed, loadMs / 60_000);
  try {
    const random = seededRandom(seed);
    const client = new Client(set.balancer.url, random);
    const flows = {
      payments: new PaymentFlow(client, random),
      shop: new ShopFlow(client, random),
      users: new UserFlow(client, random),
      accounts: new AccountFlow(client, random),
      wallets: new WalletFlow(client, random),
    };
    const fromMs = Date.now();
    const workload = new Workload(client, random, Object.values(flows));
    await workload.start();
    const watch = new LedgerWatch(set.databaseFile);
    const faults = await playPlan(set, drawPlan(seed, loadMs), loadMs, print);
    print("the last fault is over: everything must end");
    workload.stop();
    await heal(set);
    const quiet = await untilQuiet(set, workload);
    print(`the load has ended, ${quiet.note}: comparing the books`);
    const books = [quiet, surprises(client), await watch.stop()];
    books.push(...(await compareBooks(set, flows, { fromMs, toMs: Date.now() }, random)));
    const ends = set.replicas.flatMap(({ unexpectedEnds }) => unexpectedEnds);
    books.push(crashes(ends), await endInOrder(set));
    return {
      books,
      faults,
      answers: client.counts,
      silences: client.silences,
      unexpectedEnds: ends,
      lives: set.replicas.reduce((sum, { lives }) => sum + lives, 0),
      notTested: set.notTested,
    };
  } finally {
    if (logsTo !== undefined) set.saveLogs(logsTo);
    await set.close();
  }
}

/** Carries out the plan, its tracks side by side, and ends every fault. @returns how often each happened */
async function playPlan(
  set: ChaosSet,
  plan: readonly Step[],
  loadMs: number,
  print: (line: string) => void,
): Promise<Map<string, number>> {
  const faults = new Map<string, number>();
  const startedAt = performance.now();
  const elapsedMs = () => performance.now() - startedAt;
  const play = async (steps: readonly Step[]) => {
    for (const step of steps) {
      await Bun.sleep(Math.max(0, step.atMs - elapsedMs()));
      if (elapsedMs() >= loadMs) return;
      const undo = await beginFault(set, step);
      const time = `${(elapsedMs() / 1000).toFixed(1).padStart(6)} s`;
      const done = typeof undo === "function";
      print(`${time}  ${describeStep(step)}${done ? "" : `: NOT DONE, ${undo.notDone}`}`);
      if (!done) continue;
      const name = `${step.track} ${step.fault}`;
      faults.set(name, (faults.get(name) ?? 0) + 1);
      await Bun.sleep(Math.min(step.durationMs, Math.max(0, loadMs - elapsedMs())));
      await undo();
    }
  };
  await Promise.all(TRACKS.map((track) => play(plan.filter((step) => step.track === track))));
  // Calm until the end, so that the load has the time that was asked for.
  await Bun.sleep(Math.max(0, loadMs - elapsedMs()));
  return faults;
}

interface Flows {
  readonly payments: PaymentFlow;
  readonly shop: ShopFlow;
  readonly users: UserFlow;
  readonly accounts: AccountFlow;
  readonly wallets: WalletFlow;
}

async function compareBooks(
  set: ChaosSet,
  flows: Flows,
  span: { readonly fromMs: number; readonly toMs: number },
  random: () => number,
): Promise<BookEntry[]> {
  const database = new DatabaseReader(set.databaseFile);
  try {
    return [
      ...(await comparePayments(set, flows.payments, span, random)),
      ...(await compareShop(set, flows.shop, database)),
      ...(await compareUsers(set, flows.users, database)),
      ...(await compareAccounts(set, flows.accounts, database)),
      ...(await compareWallets(set, flows.wallets)),
      await runAudit(set),
      await searchSecrets(set),
    ];
  } finally {
    database.close();
  }
}

function surprises(client: Client): BookEntry {
  const answers = [...client.counts.values()].reduce((sum, count) => sum + count, 0);
  const comparison = new Comparison("R5 R22", "no answer but those that the faults excuse");
  comparison.add(answers, client.surprises);
  return comparison.entry(`${client.replays} repeated with their key`);
}

/** A replica may end itself (a full disk at its start, a thread that hung while it was frozen), but not crash. */
function crashes(ends: readonly UnexpectedEnd[]): BookEntry {
  const comparison = new Comparison("R16", "no replica crashed");
  for (const { replica, exit, lastLine } of ends) {
    comparison.expect(exit.signal === null, () => `${replica} ended by ${exit.signal}: ${lastLine}`);
  }
  return comparison.entry(`${ends.length} ended themselves and were started again`);
}

async function endInOrder(set: ChaosSet): Promise<BookEntry> {
  const comparison = new Comparison("R15", "SIGTERM at the end: every replica exits 0");
  for (const { replica, exit } of await set.stopReplicas()) {
    const lines = () => replica.logs.trimEnd().split("\n").slice(-3).join("\n");
    comparison.expect(
      exit?.code === 0,
      () => `${replica.name} exited ${exit?.code ?? exit?.signal}: ${lines()}`,
    );
  }
  return comparison.entry();
}
