import { EXCERPT_LENGTH_MAX } from "../domain/answer-excerpt.ts";
import type { AttemptOutcome, CallReport, OutcomeKind } from "../domain/attempt-outcome.ts";
import { PROCESSOR_NAMES, type ProcessorName } from "../domain/processor.ts";

/**
 * What the rings carry. Payments and settlements are fixed binary frames, because they are most of the
 * traffic; everything rarer is a JSON frame. Numbers are little-endian; times are ms since the epoch and
 * ids are safe integers, both as float64; a payment's id is its UUID's 16 bytes.
 *
 *   intake    main → store       acceptPayment, command, walletOperation
 *   tasks     store → dispatch   paymentTask, assigned, drop, task
 *   outcomes  dispatch → store   attempt, assign, giveBack, taskOutcome
 *   replies   store → main       reply
 *   events    store → main       liveEvent
 */
export const FRAME_KINDS = {
  acceptPayment: 1,
  command: 2,
  paymentTask: 3,
  assigned: 4,
  drop: 5,
  attempt: 6,
  assign: 7,
  giveBack: 8,
  reply: 9,
  task: 10,
  taskOutcome: 11,
  walletOperation: 12,
  liveEvent: 13,
} as const;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** `acceptPayment`: id 0..15 · amountCents 16 · acceptedAtMs 24 · replyId 32 (0: nobody waits). */
export const ACCEPT_PAYMENT_BYTES = 40;

/** `paymentTask`: taskId 0 · id 8..23 · amountCents 24 · acceptedAtMs 32 · attempts 40 · assigned 44 · uncertain 45. */
export const PAYMENT_TASK_BYTES = 48;

/**
 * `assigned` and `assign`: taskId 0 · processor 8. `giveBack`: taskId 0 · was it called, outcome unknown 8. Those that
 * go to store carry the fence at 12.
 */
export const TASK_MARK_BYTES = 16;

/**
 * `attempt`: taskId 0 · requestedAtMs 8 · latencyMs 16 · amountCents 24 · processor 32 · kind 33 ·
 * upstream 34 · code length 35 · fence 36 · code 40… If the kind says so, the call follows the code: HTTP status (0:
 * no answer) +0 · is it a look-up +2 · excerpt length +3 · excerpt +4…
 */
const ATTEMPT_HEAD_BYTES = 40;
const ATTEMPT_CODE_BYTES_MAX = 64;
const ATTEMPT_CALL_BYTES = 4;
/** Added to the kind: a call follows. Always, but of a payment that was recorded as it was sent, which is the usual way. */
const CALL_FOLLOWS = 0x80;
/** In UTF-8: what is not ASCII is cut earlier than in the excerpt itself. */
const ATTEMPT_EXCERPT_BYTES_MAX = EXCERPT_LENGTH_MAX;
export const ATTEMPT_BYTES_MAX =
  ATTEMPT_HEAD_BYTES + ATTEMPT_CODE_BYTES_MAX + ATTEMPT_CALL_BYTES + ATTEMPT_EXCERPT_BYTES_MAX;

const OUTCOME_KINDS = [
  "settled",
  "declined",
  "refused",
  "failed",
  "unknown",
] as const satisfies OutcomeKind[];

/** A processor as the number that frames and rows carry: 0 none, 1 default, 2 fallback. */
export function processorNumber(name: ProcessorName | null): number {
  return name === null ? 0 : PROCESSOR_NAMES.indexOf(name) + 1;
}

/**
 * In a task's row: either processor may have seen the payment, because the database was a backup. In a `paymentTask`
 * frame it is `uncertain` without `assigned`.
 */
export const EITHER_PROCESSOR = 3;

/** The reverse of `processorNumber`; anything unknown is none. */
export function processorOf(number: number | null): ProcessorName | null {
  return number === null ? null : (PROCESSOR_NAMES[number - 1] ?? null);
}

export interface PaymentTaskFrame {
  readonly taskId: number;
  /** Where the UUID's 16 bytes are: a view per payment would be garbage that costs more than the rest. */
  readonly idBytes: Uint8Array;
  readonly idAt: number;
  readonly amountCents: number;
  readonly acceptedAtMs: number;
  readonly attempts: number;
  readonly assigned: ProcessorName | null;
  readonly uncertain: boolean;
}

export function writePaymentTask(
  view: DataView,
  bytes: Uint8Array,
  at: number,
  task: PaymentTaskFrame,
): void {
  view.setFloat64(at, task.taskId, true);
  for (let i = 0; i < 16; i++) bytes[at + 8 + i] = task.idBytes[task.idAt + i] ?? 0;
  view.setFloat64(at + 24, task.amountCents, true);
  view.setFloat64(at + 32, task.acceptedAtMs, true);
  view.setUint32(at + 40, task.attempts, true);
  view.setUint8(at + 44, processorNumber(task.assigned));
  view.setUint8(at + 45, task.uncertain ? 1 : 0);
}

/** The frame at `at`; its id is only there until the ring is released. */
export function readPaymentTask(view: DataView, bytes: Uint8Array, at: number): PaymentTaskFrame {
  return {
    taskId: view.getFloat64(at, true),
    idBytes: bytes,
    idAt: at + 8,
    amountCents: view.getFloat64(at + 24, true),
    acceptedAtMs: view.getFloat64(at + 32, true),
    attempts: view.getUint32(at + 40, true),
    assigned: processorOf(view.getUint8(at + 44)),
    uncertain: view.getUint8(at + 45) === 1,
  };
}

/** `assign` and `giveBack`, see TASK_MARK_BYTES. */
export interface TaskMark {
  readonly taskId: number;
  readonly upstream: number;
  readonly fence: number;
}

export function writeTaskMark(view: DataView, at: number, { taskId, upstream, fence }: TaskMark): void {
  view.setFloat64(at, taskId, true);
  view.setUint8(at + 8, upstream);
  view.setUint32(at + 12, fence, true);
}

export function readTaskMark(view: DataView, at: number): TaskMark {
  return {
    taskId: view.getFloat64(at, true),
    upstream: view.getUint8(at + 8),
    fence: view.getUint32(at + 12, true),
  };
}

export interface AttemptFrame {
  readonly taskId: number;
  /** The last loss of the lease that its sender knew of: with an older number it is about tasks that are others'. */
  readonly fence: number;
  readonly processor: ProcessorName;
  readonly kind: OutcomeKind;
  /** The time that was sent, or for `settled` the one that the processor recorded. */
  readonly requestedAtMs: number;
  readonly latencyMs: number;
  readonly amountCents: number;
  /** The only processor that may have seen the payment now, after this attempt; null: none has. */
  readonly upstream: ProcessorName | null;
  readonly code: string;
  /** Missing if it is settled by an answer that says no more than that. */
  readonly call?: CallReport | undefined;
}

/** The bytes that `writeAttempt` needs for this outcome. */
export function attemptBytes(
  outcome: AttemptOutcome & { readonly call?: Pick<CallReport, "excerpt"> | undefined },
): number {
  if (!carriesCall(outcome)) return ATTEMPT_HEAD_BYTES;
  const codeBytes = outcome.kind === "settled" ? 0 : Math.min(outcome.code.length, ATTEMPT_CODE_BYTES_MAX);
  const excerptBytes = excerptBytesOf(outcome.call?.excerpt ?? "").length;
  return ATTEMPT_HEAD_BYTES + codeBytes + ATTEMPT_CALL_BYTES + excerptBytes;
}

function carriesCall({ kind, call }: { readonly kind: OutcomeKind; readonly call?: unknown }): boolean {
  return kind !== "settled" || call !== undefined;
}

/** As many whole characters as there is room for. */
function excerptBytesOf(excerpt: string): Uint8Array {
  const room = new Uint8Array(ATTEMPT_EXCERPT_BYTES_MAX);
  return room.subarray(0, encoder.encodeInto(excerpt, room).written);
}

export function writeAttempt(view: DataView, bytes: Uint8Array, at: number, frame: AttemptFrame): void {
  view.setFloat64(at, frame.taskId, true);
  view.setFloat64(at + 8, frame.requestedAtMs, true);
  view.setFloat64(at + 16, frame.latencyMs, true);
  view.setFloat64(at + 24, frame.amountCents, true);
  view.setUint8(at + 32, processorNumber(frame.processor));
  const hasCall = carriesCall(frame);
  view.setUint8(at + 33, OUTCOME_KINDS.indexOf(frame.kind) + (hasCall ? CALL_FOLLOWS : 0));
  const length = Math.min(frame.code.length, ATTEMPT_CODE_BYTES_MAX);
  view.setUint8(at + 34, processorNumber(frame.upstream));
  view.setUint8(at + 35, length);
  view.setUint32(at + 36, frame.fence, true);
  // Codes are ASCII by their definition, so a character is a byte.
  for (let i = 0; i < length; i++) bytes[at + ATTEMPT_HEAD_BYTES + i] = frame.code.charCodeAt(i);
  if (hasCall) writeCall(view, bytes, at + ATTEMPT_HEAD_BYTES + length, frame.call);
}

function writeCall(view: DataView, bytes: Uint8Array, at: number, call: CallReport | undefined): void {
  const excerpt = excerptBytesOf(call?.excerpt ?? "");
  view.setUint16(at, call?.status ?? 0, true);
  view.setUint8(at + 2, call?.isLookup === true ? 1 : 0);
  view.setUint8(at + 3, excerpt.length);
  bytes.set(excerpt, at + ATTEMPT_CALL_BYTES);
}

function readCall(view: DataView, bytes: Uint8Array, at: number): CallReport {
  const status = view.getUint16(at, true);
  const length = view.getUint8(at + 3);
  return {
    isLookup: view.getUint8(at + 2) === 1,
    status: status === 0 ? null : status,
    excerpt: length === 0 ? null : readText(bytes, at + ATTEMPT_CALL_BYTES, length),
  };
}

export function readAttempt(view: DataView, bytes: Uint8Array, at: number): AttemptFrame {
  const processor = processorOf(view.getUint8(at + 32));
  const told = view.getUint8(at + 33);
  const kind = OUTCOME_KINDS[told & ~CALL_FOLLOWS];
  if (processor === null || kind === undefined) throw new Error("attempt frame without processor or outcome");
  const length = view.getUint8(at + 35);
  return {
    taskId: view.getFloat64(at, true),
    fence: view.getUint32(at + 36, true),
    requestedAtMs: view.getFloat64(at + 8, true),
    latencyMs: view.getFloat64(at + 16, true),
    amountCents: view.getFloat64(at + 24, true),
    upstream: processorOf(view.getUint8(at + 34)),
    processor,
    kind,
    code: length === 0 ? "" : readText(bytes, at + ATTEMPT_HEAD_BYTES, length),
    call: (told & CALL_FOLLOWS) === 0 ? undefined : readCall(view, bytes, at + ATTEMPT_HEAD_BYTES + length),
  };
}

export function encodeJson(value: unknown): Uint8Array {
  return encoder.encode(JSON.stringify(value));
}

/** The JSON value at `at`. The caller knows its shape: both ends of a ring are this executable. */
export function readJson(bytes: Uint8Array, at: number, length: number): unknown {
  return JSON.parse(readText(bytes, at, length));
}

function readText(bytes: Uint8Array, at: number, length: number): string {
  // slice, not subarray: TextDecoder refuses views over shared memory.
  return decoder.decode(bytes.slice(at, at + length));
}
