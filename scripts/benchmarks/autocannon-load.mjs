// One load of autocannon against one URL, as much as the connections give; runs in a process of its own and prints one
// line of JSON.
//   node scripts/benchmarks/autocannon-load.mjs '{"url":…,"connections":…,"seconds":…,"body":…,"pathsFile":…}'
// Without more, every request is a new payment (a fresh UUID, 19.90); with `body` it is that body each time; with
// `pathsFile` it is a GET of one of the file's lines, chosen at random.
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import autocannon from "autocannon";

const { url, connections, seconds, body, pathsFile } = JSON.parse(process.argv[2]);
const paths = pathsFile === undefined ? null : readFileSync(pathsFile, "utf8").trimEnd().split("\n");

function setupRequest(request) {
  if (paths !== null) request.path = paths[Math.floor(Math.random() * paths.length)];
  else request.body = body ?? `{"correlationId":"${randomUUID()}","amount":19.90}`;
  return request;
}

const latencies = [];
const headers = { "content-type": "application/json" };
const request = paths === null ? { method: "POST", headers, setupRequest } : { method: "GET", setupRequest };
const run = autocannon({ url, connections, duration: seconds, requests: [request] }, (error, result) => {
  if (error) throw error;
  latencies.sort((one, other) => one - other);
  const at = (share) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0;
  console.log(
    JSON.stringify({
      perSecond: latencies.length / result.duration,
      accepted: result["2xx"],
      other: result.non2xx + result.errors,
      p50Ms: at(0.5),
      p99Ms: at(0.99),
    }),
  );
});
// autocannon's own histogram counts whole milliseconds: too coarse here.
run.on("response", (_client, _status, _bytes, milliseconds) => latencies.push(milliseconds));
