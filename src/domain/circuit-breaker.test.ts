import { describe, expect, test } from "bun:test";
import {
  CircuitBreaker,
  FAILURES_TO_OPEN,
  PROBE_INTERVAL_FIRST_MS,
  PROBE_INTERVAL_MAXIMUM_MS,
} from "./circuit-breaker.ts";

function opened(atMs: number, hung = false): CircuitBreaker {
  const breaker = new CircuitBreaker("default");
  for (let call = 0; call < FAILURES_TO_OPEN; call += 1) breaker.failed(hung, 0, atMs);
  return breaker;
}

describe("opening", () => {
  test("failures in a row open it, one less does not", () => {
    const breaker = new CircuitBreaker("default");
    for (let call = 1; call < FAILURES_TO_OPEN; call += 1) breaker.failed(false, 0, 0);
    expect(breaker.state).toBe("closed");
    breaker.failed(false, 0, 0);
    expect(breaker.state).toBe("open");
  });

  test("single failures among successes never do", () => {
    const breaker = new CircuitBreaker("default");
    for (let call = 0; call < 1_000; call += 1) {
      breaker.failed(false, 0, call);
      breaker.succeeded(call);
    }
    expect(breaker.state).toBe("closed");
  });

  test("the processor's own word does at once", () => {
    const breaker = new CircuitBreaker("default");
    breaker.healthSeen(true, 0);
    expect(breaker.state).toBe("open");
  });
});

describe("probing", () => {
  test("one probe at a time: none is due while one is under way", () => {
    const breaker = opened(0);
    expect(breaker.probeDueMs).toBe(PROBE_INTERVAL_FIRST_MS);
    const probe = breaker.probeStarted(PROBE_INTERVAL_FIRST_MS);
    expect(breaker.state).toBe("half-open");
    expect(breaker.probeDueMs).toBe(Number.POSITIVE_INFINITY);
    breaker.failed(false, probe, 100);
    expect(breaker.state).toBe("open");
  });

  test("intervals grow to the maximum and no further", () => {
    const breaker = opened(0);
    let nowMs = 0;
    let intervalMs = 0;
    for (let count = 0; count < 20; count += 1) {
      intervalMs = breaker.probeDueMs - nowMs;
      nowMs = breaker.probeDueMs;
      breaker.failed(false, breaker.probeStarted(nowMs), nowMs);
    }
    expect(intervalMs).toBe(PROBE_INTERVAL_MAXIMUM_MS);
  });

  test("any success closes it, the probe's or a late one's", () => {
    const late = opened(0);
    late.succeeded(10);
    expect(late.state).toBe("closed");
    const probed = opened(0);
    probed.probeStarted(50);
    probed.succeeded(60);
    expect(probed.state).toBe("closed");
  });

  test("a probe of an earlier outage that fails late does not end the present one's", () => {
    const breaker = opened(0);
    const old = breaker.probeStarted(50);
    breaker.succeeded(60);
    for (let call = 0; call < FAILURES_TO_OPEN; call += 1) breaker.failed(false, 0, 100);
    breaker.probeStarted(200);
    breaker.failed(false, old, 210);
    expect(breaker.state).toBe("half-open");
  });

  test("a failure that is not the probe's changes nothing while it is open", () => {
    const breaker = opened(0);
    breaker.failed(false, 0, 10);
    expect(breaker.probeDueMs).toBe(PROBE_INTERVAL_FIRST_MS);
  });

  test("where nothing else works a silent probe is followed by another, ever later", () => {
    const breaker = opened(0);
    breaker.probeStarted(50);
    expect(breaker.secondProbeDueMs).toBe(1_050);
    breaker.probeStarted(1_050);
    expect(breaker.secondProbeDueMs).toBe(3_050);
  });
});

describe("health", () => {
  test("'not failing' ends an outage made of failures", () => {
    const breaker = opened(0);
    breaker.healthSeen(false, 100);
    expect(breaker.state).toBe("closed");
  });

  test("but only asks for a probe where calls hang", () => {
    const breaker = opened(0, true);
    breaker.healthSeen(false, 20);
    expect(breaker.state).toBe("open");
    expect(breaker.probeDueMs).toBe(20);
  });

  test("there it is worth another probe even if one hangs", () => {
    const breaker = opened(0, true);
    breaker.probeStarted(50);
    breaker.healthSeen(false, 400);
    expect(breaker.state).toBe("half-open");
    expect(breaker.probeDueMs).toBe(Number.POSITIVE_INFINITY);
    expect(breaker.secondProbeDueMs).toBe(400);
  });
});

describe("how much longer an outage is expected to last", () => {
  test("without experience as long as it has lasted", () => {
    expect(opened(1_000).expectedOutageMs(4_000)).toBe(3_000);
  });

  test("past outages that were longer count too", () => {
    const breaker = opened(0);
    breaker.succeeded(5_000);
    for (let call = 0; call < FAILURES_TO_OPEN; call += 1) breaker.failed(false, 0, 10_000);
    // One opinion says 1,000 more, the other 4,000.
    expect(breaker.expectedOutageMs(11_000)).toBe(2_500);
    // Longer than any before: only its own age is left.
    expect(breaker.expectedOutageMs(16_000)).toBe(6_000);
  });

  test("nothing when closed", () => {
    expect(new CircuitBreaker("default").expectedOutageMs(5_000)).toBe(0);
  });
});

describe("hope", () => {
  test("the other processor's return makes the next probe due at once, even if one is silent", () => {
    const breaker = opened(0);
    breaker.hopeAgain(10);
    expect(breaker.probeDueMs).toBe(10);
    breaker.probeStarted(10);
    breaker.hopeAgain(20);
    expect(breaker.probeDueMs).toBe(Number.POSITIVE_INFINITY);
    expect(breaker.secondProbeDueMs).toBe(10 + PROBE_INTERVAL_MAXIMUM_MS);
    breaker.hopeAgain(800);
    expect(breaker.secondProbeDueMs).toBe(10 + PROBE_INTERVAL_MAXIMUM_MS);
  });

  test("a closed breaker has none to make", () => {
    const breaker = new CircuitBreaker("default");
    breaker.hopeAgain(10);
    expect(breaker.state).toBe("closed");
    expect(breaker.probeDueMs).toBe(Number.POSITIVE_INFINITY);
  });
});
