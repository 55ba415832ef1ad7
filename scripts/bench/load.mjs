// One load of autocannon against one URL; runs in a process of its own and prints one line of JSON.
//   node scripts/bench/load.mjs '{"url":…,"connections":…,"seconds":…,"rate":…}'
// Every request is a new payment (a fresh UUID, 19.90), or `body` if that is given.
import { randomUUID } from "node:crypto";
import autocannon from "autocannon";

const { url, connections, seconds, rate, body } = JSON.parse(process.argv[2]);
const latencies = [];
const run = autocannon(
  {
    url,
    connections,
    duration: seconds,
    ...(rate === undefined ? {} : { overallRate: rate }),
    requests: [
      {
        method: "POST",
        headers: { "content-type": "application/json" },
        setupRequest: (request) => {
          request.body = body ?? `{"correlationId":"${randomUUID()}","amount":19.90}`;
          return request;
        },
      },
    ],
  },
  (error, result) => {
    if (error) throw error;
    latencies.sort((a, b) => a - b);
    const at = (share) =>
      latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0;
    console.log(
      JSON.stringify({
        perSecond: result.requests.average,
        total: result.requests.total,
        accepted: result["2xx"],
        other: result.non2xx + result.errors,
        p50Ms: at(0.5),
        p99Ms: at(0.99),
      }),
    );
  },
);
// autocannon's own histogram counts whole milliseconds: too coarse here.
run.on("response", (_client, _status, _bytes, milliseconds) => latencies.push(milliseconds));
