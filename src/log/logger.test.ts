import { describe, expect, test } from "bun:test";
import { createLogger, type LogLevel } from "./logger.ts";
import { LINE_BYTES_MAX } from "./sink.ts";

const TIME_MS = Date.UTC(2025, 6, 15, 12, 34, 56, 789);

function capture(level: LogLevel = "info", terminal = false) {
  const lines: string[] = [];
  const write = (line: string) => void lines.push(line);
  const now = () => TIME_MS;
  const log = createLogger({ level, thread: "store", replica: "r1", write, terminal, coloured: false, now });
  return { log, lines, records: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

describe("JSON lines", () => {
  test("carry time, level, message, thread, replica, then the fields", () => {
    const { log, lines } = capture();
    log.warn("processor is slow", { processor: "default", durationMs: 900 });
    expect(lines).toEqual([
      '{"time":"2025-07-15T12:34:56.789Z","level":"warn","message":"processor is slow","thread":"store","replica":"r1","processor":"default","durationMs":900}\n',
    ]);
  });

  test("a field cannot replace time, level, message, thread or replica", () => {
    const { log, records } = capture();
    log.info("true", { level: "fake", message: "fake", replica: "fake", time: "fake", thread: "fake" });
    expect(Object.values(records()[0] ?? {})).not.toContain("fake");
  });

  test("a child adds its fields to every line; the call's own win", () => {
    const { log, records } = capture();
    const child = log.child({ requestId: "q1", step: 1 }).child({ route: "/payments" });
    child.info("taken", { step: 2 });
    expect(records()[0]).toMatchObject({ requestId: "q1", route: "/payments", step: 2 });
  });

  test("an event is one line, and its message cannot make a second one", () => {
    const { log, lines } = capture();
    log.info('a\n{"level":"error"}', { text: "b\nc" });
    expect(lines.join("").split("\n")).toHaveLength(2);
  });
});

describe("levels", () => {
  test.each([
    ["debug", 4],
    ["info", 3],
    ["warn", 2],
    ["error", 1],
  ] as const)("%s lets %d of four lines through", (level, count) => {
    const { log, lines } = capture(level);
    log.debug("d");
    log.info("i");
    log.warn("w");
    log.error("e");
    expect(lines).toHaveLength(count);
  });

  test("an error's stack is there at level debug only", () => {
    for (const [level, expected] of [
      ["debug", true],
      ["info", false],
    ] as const) {
      const { log, lines } = capture(level);
      log.error("failed", { error: new Error("broken") });
      expect(lines.join("").includes("stack")).toBe(expected);
    }
  });
});

describe("a line's length", () => {
  test("is at most what a pipe takes in one piece", () => {
    const { log, lines, records } = capture("debug");
    log.info("\u0001".repeat(10_000), { requestId: "q1", ...many("ü".repeat(300), 40) });
    log.info("x", many("y".repeat(200), 500));
    log.error("z", { error: new Error("e".repeat(5_000)) });
    for (const line of lines) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(LINE_BYTES_MAX);
    expect(records()[0]).toMatchObject({ level: "info", truncated: true });
    expect(records()[1]).toMatchObject({ message: "x", truncated: true });
    expect(records()[2]).toMatchObject({ message: "z" });
  });
});

describe("on a terminal", () => {
  test("a line is aligned, readable and cannot move the cursor", () => {
    const { log, lines } = capture("info", true);
    log.info("ready\u001b[2J", { port: 9999, path: "a b", requestId: "q-1" });
    expect(lines).toEqual([
      '12:34:56.789 INFO  store      ready [2J  port=9999  path="a b"  requestId=q-1\n',
    ]);
  });
});

describe("never throws", () => {
  test("whatever the fields do", () => {
    const { log, lines } = capture();
    const hostile = {
      get value(): string {
        throw new Error("getter");
      },
    };
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    log.info("hostile", { hostile });
    log.info("cycle", { cycle });
    log.info("date", { when: new Date(Number.NaN) });
    log.info("symbol", { symbol: Symbol("s"), method: () => 1 });
    expect(lines).toHaveLength(4);
    expect(lines[0]).toContain("unprintable");
  });

  test("when the line cannot be written either", () => {
    const write = () => {
      throw new Error("disk full");
    };
    const log = createLogger({ level: "info", thread: "main", replica: "r1", write });
    expect(() => log.error("lost")).not.toThrow();
  });
});

function many(value: string, count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`field${index}`, value]));
}
