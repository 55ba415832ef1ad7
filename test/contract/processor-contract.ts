import { afterAll, afterEach, beforeAll, describe } from "bun:test";
import { checkAdministration } from "./processor-administration.ts";
import { ProcessorClient, type ProcessorUnderTest } from "./processor-client.ts";
import { checkLimits } from "./processor-limits.ts";
import { checkPayments } from "./processor-payments.ts";
import { checkTiming } from "./processor-timing.ts";

export type { ProcessorUnderTest } from "./processor-client.ts";

/**
 * What every payment processor does, the published ones and ours, check by check. `start` is called once; the
 * processor must be the contract's own from then on: payments are purged, switches set, its limits filled.
 */
export function processorContract(name: string, start: () => Promise<ProcessorUnderTest>): void {
  describe(`processor contract: ${name}`, () => {
    const client = new ProcessorClient();
    beforeAll(async () => {
      client.target = await start();
    });
    afterEach(async () => {
      await client.configure("delay", { delay: 0 });
      await client.configure("failure", { failure: false });
      await client.admin("POST", "purge-payments");
    });
    afterAll(() => client.target.stop());

    checkPayments(client);
    checkTiming(client);
    checkLimits(client);
    checkAdministration(client);
  });
}
