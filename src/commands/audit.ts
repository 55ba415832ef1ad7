/** `catraca audit`: compares the books with each other and with the processors'; 1 if anything differs. */
import { PROCESSOR_NAMES, type ProcessorName } from "../domain/processor.ts";
import { auditLedger } from "../modules/ledger/audit.ts";
import { auditPayments } from "../modules/payments/audit-queries.ts";
import { PaymentQueries, type ProcessorTotals } from "../modules/payments/queries.ts";
import { openReader } from "../store/database.ts";
import { type CommandContext, EXIT } from "./command.ts";

const TIMEOUT_MS = 10_000;

export async function run({ settings, options, print }: CommandContext): Promise<number> {
  const database = openReader(settings.databaseFile);
  try {
    const differences = [
      ...auditLedger(database).map((difference) => `ledger: ${JSON.stringify(difference)}`),
      ...auditPayments(database).map(({ rule, found }) => `payments: ${rule}: ${found}`),
    ];
    const token = options.get("--processor-token");
    if (token !== undefined) {
      const urls = { default: settings.paymentProcessorDefault, fallback: settings.paymentProcessorFallback };
      const ours = new PaymentQueries(database).summary(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
      for (const name of PROCESSOR_NAMES) {
        differences.push(...(await compareWithProcessor(name, urls[name], token, ours[name])));
      }
    }
    for (const difference of differences) print(difference);
    print(differences.length === 0 ? "audit: the books agree" : `audit: ${differences.length} differences`);
    return differences.length === 0 ? EXIT.ok : EXIT.failure;
  } finally {
    database.sqlite.close();
  }
}

async function compareWithProcessor(
  name: ProcessorName,
  url: string | null,
  token: string,
  ours: ProcessorTotals,
): Promise<string[]> {
  if (url === null) return [`${name}: no address is configured, so its books cannot be read`];
  try {
    const response = await fetch(`${url}/admin/payments-summary`, {
      headers: { "X-Rinha-Token": token },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (response.status !== 200) return [`${name}: its summary was answered with ${response.status}`];
    // PROCESSORS: the published processor's own summary
    const theirs = (await response.json()) as ProcessorTotals;
    const isSame =
      theirs.totalRequests === ours.totalRequests &&
      Math.round(theirs.totalAmount * 100) === Math.round(ours.totalAmount * 100);
    if (isSame) return [];
    return [
      `${name}: ${ours.totalRequests} payments over ${ours.totalAmount} here, ` +
        `${theirs.totalRequests} over ${theirs.totalAmount} there`,
    ];
  } catch (error) {
    return [`${name}: its books cannot be read: ${error instanceof Error ? error.message : String(error)}`];
  }
}
