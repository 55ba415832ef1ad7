import { LIMITS } from "../config/limits.ts";
import { ACCEPT_PAYMENT_BYTES, encodeJson, FRAME_KINDS, readJson } from "../ring/frames.ts";
import type { RingConsumer } from "../ring/ring-consumer.ts";
import type { RingMemory } from "../ring/ring-memory.ts";
import { RingProducer } from "../ring/ring-producer.ts";
import type { CommandReply } from "../store/module.ts";
import type { PeerRings } from "../store/peer-rings.ts";
import type { EngineBells } from "./engine-memory.ts";

/**
 * Main's way to change anything: frames into the intake log, and answers back to whoever waits.
 *
 *   submitPayment   acknowledged as soon as the frame is published: it survives kill -9
 *   submit          the same for the frames of a module's own kind
 *   execute         waits for the commit, because the outcome decides the answer
 */
export type Execution =
  | { readonly kind: "done"; readonly reply: CommandReply }
  /** Nothing was written: the ring is full, or too many requests wait already. */
  | { readonly kind: "busy" }
  /** It was written and will be done, but not within the time a client waits. */
  | { readonly kind: "late" };

const REPLY_TIMEOUT_MS = 10_000;
/** How often replies are looked for even if no bell rings; also bounds what Bun keeps per wait. */
const BELL_TIMEOUT_MS = 200;

interface Waiter {
  readonly resolve: (execution: Execution) => void;
  readonly deadlineMs: number;
}

export class Intake {
  readonly #producer: RingProducer;
  readonly #memory: RingMemory;
  readonly #peers: PeerRings;
  readonly #replies: RingConsumer;
  readonly #bells: EngineBells;
  readonly #waiters = new Map<number, Waiter>();
  #nextReplyId = 1;
  #closed = false;
  /** The store thread looks for frames a last time: what came after that would be taken in by nobody. */
  #isSealed = false;

  constructor(memory: RingMemory, replies: RingConsumer, bells: EngineBells, peers: PeerRings) {
    this.#memory = memory;
    this.#peers = peers;
    this.#producer = new RingProducer(memory);
    this.#replies = replies;
    this.#bells = bells;
    void this.#listen();
  }

  /** How full the intake log is, 0 to 1. */
  get fillRatio(): number {
    return this.#producer.fillRatio;
  }

  /** Position behind the last acknowledged frame, and up to which the store has committed. */
  get head(): number {
    return this.#producer.publishedPosition;
  }
  get tail(): number {
    return this.#memory.loadTail();
  }

  /** Writes an accepted payment. @returns the head behind its frame, or -1 if the log is full */
  submitPayment(id: Uint8Array, amountCents: number, acceptedAtMs: number): number {
    if (this.#isSealed || !this.#writePayment(id, amountCents, acceptedAtMs, 0)) return -1;
    this.#bells.store.ring();
    return this.#producer.publishedPosition;
  }

  /** Writes an accepted payment and waits until it is committed (DURABILITY=power: on the disk). */
  executePayment(id: Uint8Array, amountCents: number, acceptedAtMs: number): Promise<Execution> {
    return this.#await((replyId) => this.#writePayment(id, amountCents, acceptedAtMs, replyId));
  }

  /** Writes a frame that a module handles itself (StoreModule.frames). @returns as submitPayment */
  submit(kind: number, payload: Uint8Array): number {
    if (this.#isSealed || !this.#producer.write(kind, payload)) return -1;
    this.#bells.store.ring();
    return this.#producer.publishedPosition;
  }

  /** Runs a module's command in the store thread. @param input JSON */
  execute(name: string, input: unknown): Promise<Execution> {
    return this.#await((replyId) => {
      const payload = encodeJson({ name, replyId, input });
      if (payload.byteLength > LIMITS.commandBytesMax.value)
        throw new Error(`the command ${name} is too large`);
      return this.#producer.write(FRAME_KINDS.command, payload);
    });
  }

  /** Resolves when all that is acknowledged now, by any replica, is committed, or after `timeoutMs`. */
  async caughtUp(timeoutMs: number): Promise<void> {
    const head = this.head;
    const havePeersCaughtUp = this.#peers.mark();
    const deadline = performance.now() + timeoutMs;
    // Signed distance: positions wrap at 2^32.
    const isDone = () => ((this.tail - head) | 0) >= 0 && havePeersCaughtUp();
    while (!isDone() && performance.now() < deadline) await Bun.sleep(1);
  }

  /** From now on everything is refused as if the log were full; replies still arrive. */
  seal(): void {
    this.#isSealed = true;
  }

  close(): void {
    this.seal();
    this.#closed = true;
    for (const waiter of this.#waiters.values()) waiter.resolve({ kind: "late" });
    this.#waiters.clear();
  }

  #writePayment(id: Uint8Array, amountCents: number, acceptedAtMs: number, replyId: number): boolean {
    const producer = this.#producer;
    const at = producer.begin(FRAME_KINDS.acceptPayment, ACCEPT_PAYMENT_BYTES);
    if (at < 0) return false;
    producer.bytes.set(id, at);
    producer.view.setFloat64(at + 16, amountCents, true);
    producer.view.setFloat64(at + 24, acceptedAtMs, true);
    producer.view.setFloat64(at + 32, 0, true);
    producer.view.setUint32(at + 32, replyId, true);
    producer.end();
    producer.publish();
    return true;
  }

  #await(write: (replyId: number) => boolean): Promise<Execution> {
    if (this.#isSealed || this.#waiters.size >= LIMITS.commandsWaitingMax.value) {
      return Promise.resolve({ kind: "busy" });
    }
    const replyId = this.#nextReplyId;
    if (!write(replyId)) return Promise.resolve({ kind: "busy" });
    this.#nextReplyId = replyId === 0xffff_ffff ? 1 : replyId + 1;
    this.#bells.store.ring();
    this.#bells.storeUrgent.ring();
    return new Promise((resolve) => {
      this.#waiters.set(replyId, { resolve, deadlineMs: performance.now() + REPLY_TIMEOUT_MS });
    });
  }

  async #listen(): Promise<void> {
    let lookedForLateAtMs = 0;
    while (!this.#closed) {
      const seen = this.#bells.main.value;
      this.#takeReplies();
      const now = performance.now();
      if (now - lookedForLateAtMs > BELL_TIMEOUT_MS) {
        this.#giveUpLate(now);
        lookedForLateAtMs = now;
      }
      await this.#bells.main.waitAsync(seen, BELL_TIMEOUT_MS);
    }
  }

  #takeReplies(): void {
    const ring = this.#replies;
    while (ring.next()) {
      // store-thread.ts wrote it with this shape
      const { replyId, reply } = readJson(ring.bytes, ring.offset, ring.length) as {
        replyId: number;
        reply: CommandReply;
      };
      this.#waiters.get(replyId)?.resolve({ kind: "done", reply });
      this.#waiters.delete(replyId);
    }
    ring.release();
  }

  #giveUpLate(nowMs: number): void {
    // Waiters are in the order of their deadlines, because all wait equally long.
    for (const [replyId, waiter] of this.#waiters) {
      if (waiter.deadlineMs > nowMs) return;
      waiter.resolve({ kind: "late" });
      this.#waiters.delete(replyId);
    }
  }
}
