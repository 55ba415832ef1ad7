import { join } from "node:path";
import { LIMITS } from "../../src/config/limits.ts";
import { attachBells, createEngineMemory } from "../../src/engine/engine-memory.ts";
import { openStore } from "../../src/engine/open-store.ts";
import { SharedState } from "../../src/engine/shared-state.ts";
import type { StoreThread } from "../../src/engine/store-thread.ts";
import { createLogger } from "../../src/log/logger.ts";
import {
  ACCEPT_PAYMENT_BYTES,
  attemptBytes,
  FRAME_KINDS,
  readPaymentTask,
  writeAttempt,
} from "../../src/ring/frames.ts";
import { RingConsumer } from "../../src/ring/ring-consumer.ts";
import { createOrOpenRingFile } from "../../src/ring/ring-file.ts";
import { attachSharedRing } from "../../src/ring/ring-memory.ts";
import { RingProducer } from "../../src/ring/ring-producer.ts";
import { openWriter } from "../../src/store/database.ts";
import { settingsWith } from "../../src/store/fixtures/store-harness.ts";
import { writeGeneratedId } from "./generated-payments.ts";

/** What a payment is here: the raw statements of the yardstick write the same. */
export const AMOUNT_CENTS = 1990;
const CALL_MS = 2;

/**
 * The whole store thread in this thread, on a real file and real rings, without HTTP and calls: writes frames of
 * payments into its intake log, lets it commit, and answers the tasks that it hands out as settled.
 */
export class StoreDriver {
  readonly #thread: StoreThread;
  readonly #end: () => void;
  readonly #intake: RingProducer;
  readonly #tasks: RingConsumer;
  readonly #outcomes: RingProducer;
  readonly #state: SharedState;
  readonly #id = Buffer.alloc(16);
  #accepted = 0;
  /** Payments whose outcome has been written for the store thread. */
  settled = 0;

  constructor(directory: string) {
    const databaseFile = join(directory, "catraca.db");
    const intakePath = join(directory, "bench.ring");
    const opened = createOrOpenRingFile(intakePath, LIMITS.intakeRingBytes.value);
    if (opened.kind === "refused") throw new Error(opened.message);
    const memory = createEngineMemory(1);
    const settings = settingsWith({ databaseFile, replicaId: "bench" });
    const log = createLogger({ level: "error", thread: "store", replica: "bench" });
    const database = openWriter(databaseFile, "process");
    const store = openStore({ database, settings, memory, bells: attachBells(memory), intakePath, log });
    this.#state = new SharedState(memory.state);
    this.#state.setPreferred(0, "default");
    this.#thread = store.thread;
    this.#end = store.end;
    this.#intake = new RingProducer(opened.ring.memory);
    const [tasks, outcomes] = [memory.tasks[0], memory.outcomes[0]];
    if (tasks === undefined || outcomes === undefined) throw new Error("there is no dispatch thread");
    this.#tasks = new RingConsumer(attachSharedRing(tasks));
    this.#outcomes = new RingProducer(attachSharedRing(outcomes));
  }

  /** Writes `count` new payments into the intake log, as main does. */
  accept(count: number): void {
    const { view, bytes } = this.#intake;
    const nowMs = Date.now();
    for (let done = 0; done < count; done++) {
      const at = this.#intake.begin(FRAME_KINDS.acceptPayment, ACCEPT_PAYMENT_BYTES);
      if (at < 0) throw new Error("the intake log is full: take in what is there first");
      writeGeneratedId(1, this.#accepted++, this.#id);
      bytes.set(this.#id, at);
      view.setFloat64(at + 16, AMOUNT_CENTS, true);
      view.setFloat64(at + 24, nowMs, true);
      view.setUint32(at + 32, 0, true);
      this.#intake.end();
    }
    this.#intake.publish();
  }

  /** One turn of the store thread: a transaction. */
  turn(): void {
    this.#thread.turn();
  }

  /** Says of every task that was handed out that the processor has it, as dispatch does. */
  settle(): void {
    const nowMs = Date.now();
    while (this.#tasks.next()) {
      if (this.#tasks.kind !== FRAME_KINDS.paymentTask) continue;
      const { taskId, amountCents } = readPaymentTask(
        this.#tasks.view,
        this.#tasks.bytes,
        this.#tasks.offset,
      );
      const outcome = {
        kind: "settled",
        processor: "default",
        requestedAtMs: nowMs,
        latencyMs: CALL_MS,
      } as const;
      const at = this.#outcomes.begin(FRAME_KINDS.attempt, attemptBytes(outcome));
      if (at < 0) throw new Error("the ring of outcomes is full: take in what is there first");
      const frame = { ...outcome, taskId, amountCents, upstream: null, code: "", fence: this.#state.fence };
      writeAttempt(this.#outcomes.view, this.#outcomes.bytes, at, frame);
      this.#outcomes.end();
      this.settled++;
    }
    this.#tasks.release();
    this.#outcomes.publish();
  }

  close(): void {
    this.#end();
  }
}
