import { type Family, repeat } from "./family.ts";
import { atMost } from "./figure.ts";
import { pacedLoad } from "./load.ts";
import { startGateway, startProcessors, untilSettled } from "./processes.ts";

/** Payments held while both processors fail, and how long they take once both are back with 20 ms answers. */
const HELD = 10_000;
const QUICK_HELD = 2_000;
const HOLD_SECONDS = 4;
const ANSWER_MS = 20;
const CONNECTIONS = 32;

export const drain: Family = {
  name: "drain",
  about: "10,000 payments held during an outage: how long until all are settled",
  seconds: 60,
  run: async (effort) => {
    const held = effort.isQuick ? QUICK_HELD : HELD;
    const values = await repeat(effort, () => drainSeconds(held));
    return {
      figures: [
        {
          name: `${held.toLocaleString("en-US")} payments held during an outage: time to settle all`,
          unit: "s",
          values,
          yardstick: null,
          goal: atMost(10),
          note: `answers after ${ANSWER_MS} ms; the outage is noticed to be over first`,
        },
      ],
    };
  },
};

async function drainSeconds(held: number): Promise<number> {
  const processors = await startProcessors();
  const [main = "", fallback = ""] = processors.urls;
  const configure = async (what: string, body: object) => {
    for (const url of [main, fallback]) {
      await fetch(`${url}/admin/configurations/${what}`, {
        method: "PUT",
        headers: { "X-Rinha-Token": "123", "content-type": "application/json" },
        body: JSON.stringify(body),
      });
    }
  };
  await configure("failure", { failure: true });
  await configure("delay", { delay: ANSWER_MS });
  const gateway = await startGateway({
    PAYMENT_PROCESSOR_DEFAULT: main,
    PAYMENT_PROCESSOR_FALLBACK: fallback,
  });
  try {
    const { answers } = await pacedLoad({
      url: `${gateway.url}/payments`,
      connections: CONNECTIONS,
      seconds: HOLD_SECONDS,
      perSecond: held / HOLD_SECONDS,
    });
    await configure("failure", { failure: false });
    // One payment per connection warmed the load up.
    return (await untilSettled(gateway.url, answers.accepted + CONNECTIONS, 60)) ?? Number.POSITIVE_INFINITY;
  } finally {
    await gateway.stop();
    await processors.stop();
  }
}
