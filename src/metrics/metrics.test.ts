import { describe, expect, test } from "bun:test";
import { METRIC_SLOTS, PAGE_FLOATS } from "./metric-layout.ts";
import { METRIC_KEYS, METRICS, type MetricDefinition } from "./metric-table.ts";
import { createMetricsMemory, Metrics } from "./metrics.ts";
import { renderMetricsMarkdown } from "./metrics-page.ts";

const [MAIN, STORE, DISPATCH] = [0, 1, 2];

function threeThreads(): [Metrics, Metrics, Metrics] {
  const memory = createMetricsMemory(3);
  return [new Metrics(memory, MAIN), new Metrics(memory, STORE), new Metrics(memory, DISPATCH)];
}

/** The samples of the text format: series with labels to value. */
function samplesOf(text: string): Map<string, number> {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ")))]),
  );
}

describe("counting", () => {
  test("counters of all threads add up, and each thread sees the sum", () => {
    const [main, store, dispatch] = threeThreads();
    main.increment("payments_accepted");
    store.increment("payments_accepted");
    store.add("payments_accepted", 5);
    expect([main, store, dispatch].map((metrics) => metrics.read("payments_accepted"))).toEqual([7, 7, 7]);
  });

  test("series are apart, and are summed when none is named", () => {
    const [main, , dispatch] = threeThreads();
    dispatch.increment("processor_attempts", "default_settled");
    dispatch.increment("processor_attempts", "fallback_unknown");
    dispatch.increment("processor_attempts", "fallback_unknown");
    expect(main.read("processor_attempts", "fallback_unknown")).toBe(2);
    expect(main.read("processor_attempts", "default_unknown")).toBe(0);
    expect(main.read("processor_attempts")).toBe(3);
  });

  test("a counter never falls and never breaks", () => {
    const [main] = threeThreads();
    for (const by of [-1, 0, Number.NaN, Number.POSITIVE_INFINITY]) main.add("payments_dead", by);
    expect(main.read("payments_dead")).toBe(0);
  });

  test("gauges are what was set last, summed over threads or the worst of them", () => {
    const memory = createMetricsMemory(4);
    const [first, second] = [new Metrics(memory, 2), new Metrics(memory, 3)];
    first.set("dispatch_in_flight", 10);
    first.set("dispatch_in_flight", 3);
    second.set("dispatch_in_flight", 4);
    first.set("breaker_state", 2, "default");
    second.set("breaker_state", 1, "default");
    expect(first.read("dispatch_in_flight")).toBe(7);
    expect(first.read("breaker_state", "default")).toBe(2);
  });

  test("a series that does not exist writes nowhere", () => {
    const [main] = threeThreads();
    expect(() => main.increment("payments_settled", "nobody" as "default")).toThrow(RangeError);
  });

  test("a thread without a page is a mistake", () => {
    for (const thread of [-1, 3, 0.5])
      expect(() => new Metrics(createMetricsMemory(3), thread)).toThrow(RangeError);
  });
});

describe("histograms", () => {
  test("a value counts in the first bucket whose bound is not below it", () => {
    const [main, store] = threeThreads();
    for (const value of [1, 2, 3, 4, 512, 513]) store.observe("commit_frames", value);
    const samples = samplesOf(main.render({}));
    const cumulative = (bound: string): number | undefined =>
      samples.get(`catraca_commit_batch_frames_bucket{le="${bound}"}`);
    expect(["1", "2", "4", "256", "512", "+Inf"].map(cumulative)).toEqual([1, 2, 4, 4, 5, 6]);
    expect(samples.get("catraca_commit_batch_frames_sum")).toBe(1035);
    expect(samples.get("catraca_commit_batch_frames_count")).toBe(6);
    expect(main.read("commit_frames")).toBe(6);
  });

  test("what is no number is not counted", () => {
    const [main] = threeThreads();
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) main.observe("accept_seconds", value);
    expect(main.read("accept_seconds")).toBe(0);
  });
});

describe("the text for Prometheus", () => {
  const text = threeThreads()[0].render({ version: "1.0", revision: 'a"b\\c\n' });

  test("has the version in the labels of build_info, escaped", () => {
    expect(text).toContain('catraca_build_info{version="1.0",revision="a\\"b\\\\c\\n"} 1\n');
  });

  test("is well formed: help and type before each metric's samples, nothing else, no sample twice", () => {
    const lines = text.trimEnd().split("\n");
    let current = "";
    for (const line of lines) {
      const comment = /^# (?:HELP (\S+) \S.*|TYPE (\S+) (?:counter|gauge|histogram))$/.exec(line);
      if (comment !== null) current = comment[1] ?? comment[2] ?? "";
      else
        expect(line).toMatch(
          new RegExp(`^${current}(_bucket|_sum|_count)?(\\{[a-z]+="[^"]*"(,.*)?\\})? \\S+$`),
        );
    }
    expect(samplesOf(text).size).toBe(lines.filter((line) => !line.startsWith("#")).length);
  });

  test("shows every series from the start, at 0", () => {
    const samples = samplesOf(text);
    expect(samples.get('catraca_processor_attempts_total{processor="fallback",outcome="unknown"}')).toBe(0);
    expect(samples.get('catraca_durability_mode{mode="power"}')).toBe(0);
  });
});

describe("the table of metrics", () => {
  test.each([...METRIC_KEYS])("%s is named as Prometheus wants it", (key) => {
    const { name, type, unit, buckets = [], help }: MetricDefinition = METRICS[key];
    expect(name).toMatch(/^catraca_[a-z_]+$/);
    expect(name.endsWith("_total")).toBe(type === "counter");
    if (unit === "seconds" || unit === "bytes" || unit === "ratio") expect(name).toContain(unit);
    expect(help).toMatch(/^[A-Z0-9].+\.$/);
    expect(buckets.length > 0).toBe(type === "histogram");
    expect([...buckets].sort((a, b) => a - b)).toEqual([...buckets]);
  });

  test("no two metrics share memory, and a page ends at a cache line", () => {
    const taken = new Set<number>();
    for (const key of METRIC_KEYS) {
      const { start, width, series } = METRIC_SLOTS[key];
      for (let at = start; at < start + width * series.length; at++) {
        expect(taken.has(at)).toBe(false);
        taken.add(at);
      }
    }
    expect(Math.max(...taken)).toBeLessThan(PAGE_FLOATS);
    expect((PAGE_FLOATS * 8) % 128).toBe(0);
  });

  test("docs/metrics.md is rendered from it", async () => {
    const page = await Bun.file(new URL("../../docs/metrics.md", import.meta.url)).text();
    expect(page).toBe(renderMetricsMarkdown());
    for (const key of METRIC_KEYS) expect(page).toContain(METRICS[key].name);
  });
});

test("threads write at the same time without losing a count", async () => {
  const memory = createMetricsMemory(3);
  const main = new Metrics(memory, MAIN);
  const workers = [STORE, DISPATCH].map((thread) => {
    const worker = new Worker(new URL("./fixtures/counting-thread.ts", import.meta.url).href);
    const done = new Promise<void>((resolve, reject) => {
      worker.onmessage = () => resolve();
      worker.onerror = (event) => reject(new Error(event.message));
    });
    worker.postMessage({ memory, thread, count: 100_000 });
    return { worker, done };
  });
  let last = 0;
  for (let run = 0; run < 100_000; run++) {
    main.increment("payments_accepted");
    const now = main.read("payments_accepted");
    // Never torn, never backwards.
    if (!Number.isSafeInteger(now) || now <= last) throw new Error(`read ${now} after ${last}`);
    last = now;
  }
  await Promise.all(workers.map(({ done }) => done));
  for (const { worker } of workers) worker.terminate();
  expect(main.read("payments_accepted")).toBe(300_000);
  expect(main.read("commit_seconds")).toBe(200_000);
});
