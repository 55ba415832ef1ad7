import { describe, expect, test } from "bun:test";
import {
  ATTEMPT_BYTES_MAX,
  type AttemptFrame,
  attemptBytes,
  PAYMENT_TASK_BYTES,
  processorNumber,
  processorOf,
  readAttempt,
  readPaymentTask,
  writeAttempt,
  writePaymentTask,
} from "./frames.ts";

const AT = 16;
function room(bytes: number) {
  const memory = new Uint8Array(AT + bytes).fill(0xaa);
  return { memory, view: new DataView(memory.buffer) };
}

describe("payment task frame", () => {
  test("comes out as it went in", () => {
    const { memory, view } = room(PAYMENT_TASK_BYTES);
    const idBytes = new Uint8Array(20).map((_, index) => index);
    const task = {
      taskId: 2 ** 52 + 1,
      idBytes,
      idAt: 3,
      amountCents: 999_999_999_999,
      acceptedAtMs: 1_763_600_000_123,
      attempts: 7,
      assigned: "fallback",
      uncertain: true,
    } as const;
    writePaymentTask(view, memory, AT, task);
    const read = readPaymentTask(view, memory, AT);
    expect([...read.idBytes.slice(read.idAt, read.idAt + 16)]).toEqual([...idBytes.slice(3, 19)]);
    const { idBytes: _in, idAt: _at, ...facts } = task;
    expect(read).toMatchObject(facts);
  });
});

describe("attempt frame", () => {
  const attempt: AttemptFrame = {
    taskId: 42,
    fence: 3,
    processor: "default",
    kind: "unknown",
    requestedAtMs: 1_763_600_000_123,
    latencyMs: 12.375,
    amountCents: 1990,
    upstream: "default",
    code: "timeout",
    call: { isLookup: true, status: 502, excerpt: "Serviço indisponível" },
  };

  test.each(["settled", "declined", "refused", "failed", "unknown"] as const)("carries %s", (kind) => {
    const { memory, view } = room(ATTEMPT_BYTES_MAX);
    writeAttempt(view, memory, AT, { ...attempt, kind });
    expect(readAttempt(view, memory, AT)).toEqual({ ...attempt, kind });
  });

  test("that settles at once is most of the traffic: it has no room for more than its head", () => {
    const { memory, view } = room(ATTEMPT_BYTES_MAX);
    const settled = { ...attempt, kind: "settled", code: "", call: undefined } as const;
    writeAttempt(view, memory, AT, settled);
    expect(readAttempt(view, memory, AT)).toEqual(settled);
    expect(attemptBytes({ kind: "settled", requestedAtMs: 0 })).toBe(40);
    expect([...memory.slice(AT + 40)].every((byte) => byte === 0xaa)).toBe(true);
  });

  test("that settles after a question carries its answer, in the bytes it asked for", () => {
    const call = { isLookup: true, status: 200, excerpt: "x".repeat(200) };
    const { memory, view } = room(ATTEMPT_BYTES_MAX + 8);
    const bytes = attemptBytes({ kind: "settled", requestedAtMs: 0, call });
    writeAttempt(view, memory, AT, { ...attempt, kind: "settled", code: "", call });
    expect(readAttempt(view, memory, AT).call).toEqual(call);
    expect([...memory.slice(AT + bytes)].every((byte) => byte === 0xaa)).toBe(true);
  });

  test("without an answer", () => {
    const { memory, view } = room(ATTEMPT_BYTES_MAX);
    const { call: _, ...silent } = attempt;
    writeAttempt(view, memory, AT, silent);
    expect(readAttempt(view, memory, AT).call).toEqual({ isLookup: false, status: null, excerpt: null });
  });

  test("cuts an excerpt between two characters, and never writes beyond the bytes it asked for", () => {
    const call = { isLookup: false, status: 500, excerpt: `${"я".repeat(99)}ю😀x` };
    const { memory, view } = room(ATTEMPT_BYTES_MAX + 8);
    const bytes = attemptBytes({ kind: "failed", code: "c", call });
    writeAttempt(view, memory, AT, { ...attempt, kind: "failed", code: "c", call });
    expect(readAttempt(view, memory, AT).call?.excerpt).toBe(`${"я".repeat(99)}ю`);
    expect([...memory.slice(AT + bytes)].every((byte) => byte === 0xaa)).toBe(true);
  });

  test("cuts a code that is longer than its place, and never writes beyond the bytes it asked for", () => {
    const code = "x".repeat(200);
    const { memory, view } = room(ATTEMPT_BYTES_MAX + 8);
    const bytes = attemptBytes({ ...attempt, kind: "failed", code });
    expect(bytes).toBeLessThanOrEqual(ATTEMPT_BYTES_MAX);
    writeAttempt(view, memory, AT, { ...attempt, kind: "failed", code });
    expect(readAttempt(view, memory, AT).code).toBe("x".repeat(64));
    expect([...memory.slice(AT + bytes)].every((byte) => byte === 0xaa)).toBe(true);
  });

  test("a frame without processor or outcome is a defect", () => {
    const { memory, view } = room(ATTEMPT_BYTES_MAX);
    memory.fill(0);
    expect(() => readAttempt(view, memory, AT)).toThrow("without processor");
  });
});

test("a processor's number leads back to it; anything else is none", () => {
  for (const name of ["default", "fallback", null] as const)
    expect(processorOf(processorNumber(name))).toBe(name);
  expect(processorOf(9)).toBeNull();
  expect(processorOf(null)).toBeNull();
});
