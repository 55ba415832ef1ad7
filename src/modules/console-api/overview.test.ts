import { beforeEach, describe, expect, test } from "bun:test";
import { createMetricsMemory, Metrics } from "../../metrics/metrics.ts";
import { type OverviewName, OverviewRecorder } from "./overview.ts";
import { OverviewTails } from "./overview-tails.ts";
import { Series } from "./series.ts";

/** The history that the console draws. */
describe("a series", () => {
  test("gives the last steps as columns, and null where nothing was written", () => {
    const series = new Series(["a", "b"], 1, 10);
    series.write(100, { a: 1, b: 2 });
    series.write(102, { a: 3 });
    expect(series.read(102, 4)).toEqual({
      times: [99, 100, 101, 102],
      series: { a: [null, 1, null, 3], b: [null, 2, null, null] },
    });
  });

  test("forgets the oldest, and never takes a row of an earlier lap for a later one", () => {
    const series = new Series(["a"], 60, 3);
    for (let step = 0; step < 3; step++) series.write(step, { a: step });
    series.write(5, { a: 5 });
    expect(series.read(5, 100)).toEqual({ times: [180, 240, 300], series: { a: [null, null, 5] } });
  });
});

describe("the recorder", () => {
  let nowMs: number;
  let metrics: Metrics;
  let depth: number;
  let looks: number;
  let recorder: OverviewRecorder;

  beforeEach(() => {
    nowMs = Date.UTC(2025, 6, 15);
    metrics = new Metrics(createMetricsMemory(1), 0);
    depth = 0;
    looks = 0;
    recorder = new OverviewRecorder({
      metrics,
      intakeFill: () => 0.25,
      queue: () => {
        looks++;
        return { depth, oldestMs: nowMs - 2_000 };
      },
      now: () => nowMs,
    });
  });

  function second(accepted: number, acceptSeconds = 0.0004): void {
    for (let i = 0; i < accepted; i++) {
      metrics.increment("payments_accepted");
      metrics.observe("accept_seconds", acceptSeconds);
    }
    nowMs += 1_000;
    recorder.sample();
  }

  const last = (series: Series<OverviewName>, name: OverviewName): number | null =>
    series.read(series.stepOf(nowMs), 1).series[name][0] ?? null;

  test("writes rates of the second, not totals since the start", () => {
    second(500);
    second(20);
    expect(recorder.seconds.read(recorder.seconds.stepOf(nowMs), 2).series.accepted).toEqual([500, 20]);
  });

  test("a timer that comes late does not show a peak that was none", () => {
    metrics.add("payments_accepted", 500);
    nowMs += 2_000;
    recorder.sample();
    expect(last(recorder.seconds, "accepted")).toBe(250);
  });

  test("has no empty second while it runs, however early or late its timer comes, and loses nothing", () => {
    const { OVERVIEW_SEED } = process.env;
    let seed = Number(OVERVIEW_SEED ?? Math.floor(Math.random() * 2 ** 31));
    console.log(`OVERVIEW_SEED=${seed}`);
    const random = (below: number) => {
      seed = (seed * 48271) % 0x7fffffff;
      return seed % below;
    };
    const startedMs = nowMs;
    for (let sample = 0; sample < 2_000; sample++) {
      // Mostly a second and a little, so that it wanders through the second; now and then main was busy.
      const pauseMs = random(20) === 0 ? 500 + random(4_000) : 990 + random(30);
      metrics.add("payments_accepted", pauseMs);
      nowMs += pauseMs;
      recorder.sample();
    }
    const seconds = Math.floor(nowMs / 1000) - Math.ceil((startedMs + 5_000) / 1000);
    const accepted = recorder.read("second", seconds).series.accepted;
    expect(accepted.filter((rate) => rate === null)).toEqual([]);
    // One per millisecond came in, in whatever pieces it was looked at.
    expect(Math.max(...accepted.map(Number))).toBeLessThan(1_001);
    expect(Math.min(...accepted.map(Number))).toBeGreaterThan(999);
  });

  test("what is read ends with the last full second, not with the one that runs", () => {
    second(500);
    nowMs += 999;
    expect(recorder.read("second", 2)).toMatchObject({
      times: [nowMs / 1000 - 0.999 - 1, nowMs / 1000 - 0.999].map(Math.round),
      series: { accepted: [null, 500] },
    });
  });

  test("its own timer goes on until it is stopped", async () => {
    const queue = () => ({ depth: 0, oldestMs: null });
    const running = new OverviewRecorder({ metrics, intakeFill: () => 0, queue });
    running.start();
    const begun = running.seconds.stepOf(Date.now());
    for (const deadline = Date.now() + 20_000; running.seconds.lastStep < begun + 3; await Bun.sleep(20)) {
      if (Date.now() > deadline) throw new Error("it does not go on");
    }
    running.stop();
    expect(running.read("second", 2).series.accepted).toEqual([0, 0]);
  }, 25_000);

  test("goes on when the clock is set back", () => {
    second(500);
    nowMs -= 3_600_000;
    second(20);
    second(30);
    expect(recorder.read("second", 1).series.accepted).toEqual([50]);
  });

  test("its end as consoles ask for it is made once per second, and never an old one", () => {
    const tails = new OverviewTails(recorder);
    for (let accepted = 1; accepted <= 5; accepted++) {
      second(accepted);
      const first = tails.read("second", 2);
      expect(JSON.parse(first)).toEqual({ resolution: "second", ...recorder.read("second", 2) });
      expect(JSON.parse(first).series.accepted.at(-1)).toBe(accepted);
      expect(tails.read("second", 2)).toBe(first);
      expect(JSON.parse(tails.read("minute", 2))).toEqual({
        resolution: "minute",
        ...recorder.read("minute", 2),
      });
    }
  });

  test("percentiles are of that second alone, and unknown without observations", () => {
    second(1000, 0.02);
    second(10, 0.0004);
    expect(last(recorder.seconds, "acceptP99Ms")).toBeLessThan(0.51);
    second(0);
    expect(last(recorder.seconds, "acceptP99Ms")).toBeNull();
  });

  test("a minute has the mean of rates, the highest of gauges, the percentiles of all", () => {
    second(60, 0.02);
    depth = 40;
    second(0);
    depth = 3;
    for (let i = 0; i < 10; i++) second(0);
    const minute = (name: OverviewName) => last(recorder.minutes, name);
    expect(minute("accepted")).toBe(5);
    expect(minute("queueDepth")).toBe(40);
    expect(minute("acceptP50Ms")).toBeGreaterThan(10);
    expect(minute("intakeFill")).toBe(0.25);
  });

  test("a long queue is not counted every second: its count may cost main a 500th of its time", async () => {
    recorder = new OverviewRecorder({
      metrics,
      intakeFill: () => 0,
      queue: () => {
        looks++;
        Bun.sleepSync(20);
        return { depth: 1_000_000, oldestMs: null };
      },
      now: () => nowMs,
    });
    for (let i = 0; i < 9; i++) second(0);
    expect(looks).toBe(1);
    expect(last(recorder.seconds, "queueDepth")).toBe(1_000_000);
    // Nor is it counted for the last time for an hour when the clock is set back by one.
    nowMs -= 3_600_000;
    second(0);
    second(0);
    expect(looks).toBe(2);
  });
});
