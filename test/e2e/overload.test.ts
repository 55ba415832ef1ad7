/** R12: more requests than a replica with little CPU can answer. Refused ones hear so; accepted ones are charged once. */
import { afterAll, afterEach, beforeEach, describe, expect, test } from "bun:test";
import { ControlGroup } from "../../scripts/challenge/control-group.ts";
import { findPayment, metric, pay, settledPayment, summaryOf, untilIdle } from "./client.ts";
import { Flood } from "./flood.ts";
import { Gateway, startProcessors } from "./gateway.ts";
import { PROCESSORS, type ProcessorPair } from "./processors.ts";
import { endPrograms, killPrograms } from "./program.ts";
import { until } from "./until.ts";

/** Little CPU, and memory enough that this test is about nothing else. */
const LIMITS = { cpus: 0.2, memoryBytes: 256 * 2 ** 20 };
const CONNECTIONS = 600;
const CENTS = 1_990;

const made = ControlGroup.make(`catraca-overload-${process.pid}`, LIMITS);
if (made.kind === "refused")
  console.log(`NOT TESTED: overload, because of its control group: ${made.reason}`);

let processors: ProcessorPair;
let gateway: Gateway;

describe.skipIf(made.kind === "refused")("a flood at a replica with little CPU", () => {
  beforeEach(async () => {
    if (made.kind === "refused") throw new Error(made.reason);
    const { group } = made;
    processors = await startProcessors();
    gateway = await Gateway.start({ processors, wrap: (command) => group.wrap(command) });
  });
  afterEach(killPrograms);
  afterAll(async () => {
    await endPrograms();
    if (made.kind === "made") made.group.remove();
  });

  test("a part is answered 503 with Retry-After, what was accepted is charged once, and it passes", async () => {
    const flood = await Flood.start(gateway.url, CONNECTIONS, CENTS);
    await until("two hundred refusals", 60_000, () => flood.refused.length >= 200);
    // Taken in while it refuses, too.
    const before = flood.accepted.length;
    await until("a hundred more accepted", 60_000, () => flood.accepted.length >= before + 100);
    await flood.stop(30_000);

    expect(flood.unexpected).toEqual([]);
    expect(flood.unanswered).toBe(0);
    expect(await metric(gateway.url, "catraca_http_shed_total")).toBe(flood.refused.length);

    await until("a hundred in a row to be accepted", 30_000, async () => {
      for (let count = 0; count < 100; count++) {
        const id = crypto.randomUUID();
        if ((await pay(gateway.url, id, CENTS / 100)).status !== 202) return false;
        flood.accepted.push(id);
      }
      return true;
    });

    await untilIdle(gateway.url, 60_000);
    const last = flood.accepted.at(-1) ?? "";
    await settledPayment(gateway.url, last);
    expect(await chargedCount(await summaryOf(gateway.url))).toBe(flood.accepted.length);
    for (const name of PROCESSORS) {
      expect(await processors[name].summary()).toEqual((await summaryOf(gateway.url))[name]);
    }
    for (const id of flood.refused.slice(0, 50)) expect(await findPayment(gateway.url, id)).toBeNull();
    for (const id of flood.accepted.slice(0, 50))
      expect((await findPayment(gateway.url, id))?.status).toBe("settled");
  }, 240_000);
});

function chargedCount(summary: Awaited<ReturnType<typeof summaryOf>>): number {
  return PROCESSORS.reduce((sum, name) => sum + summary[name].count, 0);
}
