import { LIMITS } from "../../config/limits.ts";
import type { AccountPaymentView } from "./model.ts";
import type { FinalPayment } from "./queries.ts";

/** What a wait came to: the final payment as JSON, or null if it is still pending when the time is over. */
export type WaitResult = string | null;

export interface ResultWaitsParts {
  /** How long a client waits. */
  readonly waitMs: number;
  readonly lastFinalSeq: () => number;
  readonly finalsSince: (after: number, limit: number) => readonly FinalPayment[];
  /** A last look at the end of a wait. @param id canonical UUID */
  readonly find: (id: string) => AccountPaymentView | null;
  /** Called when the first client comes and when the last one has gone. */
  readonly onWaits: (isWanted: boolean) => void;
  /** Whether results may come from other replicas, which ring no bell here. */
  readonly hasPeers: () => boolean;
  /** Whether other replicas say at once when they have results: then they need not be looked for as often. */
  readonly hearsPeers?: () => boolean;
}

/**
 * A client that waits. It is all that a wait keeps: a list links those of one payment, so that a payment for which
 * one client waits, which most are, costs an entry in a map and no collection of its own.
 */
export interface Wait {
  readonly id: string;
  readonly result: Promise<WaitResult>;
  readonly resolve: (result: WaitResult) => void;
  readonly deadlineMs: number;
  /** Others who wait for the same payment. */
  previous: Wait | null;
  next: Wait | null;
}

/** How often the results of other replicas are looked for, while somebody waits and there are any. */
const PEER_LOOK_MS = 100;
/** Of so many looks only the first is taken where replicas tell: they may not have heard in time of a new wait. */
const LOOKS_HEARD = 10;
const LOOK_ROWS = 200;

/**
 * Clients that wait for results (long polls). Waiting costs memory and nothing else: the store thread rings when a
 * result is committed, one look at the database then tells which ones, and wakes exactly their clients.
 *
 *   start ──► wait ──► look: its payment is among the new results ──► the result
 *                 └──► its time is over: one last look             ──► the result, or null
 *
 * Results are found by their number (`final_seq`), so a look misses none, whichever replica wrote it: a bell that
 * rang too early, twice or not at all does no harm.
 */
export class ResultWaits {
  readonly #parts: ResultWaitsParts;
  /** The first of those who wait for a payment. */
  readonly #byPayment = new Map<string, Wait>();
  /** In the order of their deadlines, because all wait equally long. */
  readonly #all = new Set<Wait>();
  #seenSeq = 0;
  #timer: Timer | null = null;
  #peerTimer: Timer | null = null;
  #isClosed = false;

  constructor(parts: ResultWaitsParts) {
    this.#parts = parts;
  }

  /** Clients that wait now. */
  get size(): number {
    return this.#all.size;
  }

  get hasRoom(): boolean {
    return this.#all.size < LIMITS.longPollsMax.value;
  }

  /**
   * Begins to wait for the result of a payment: look at the payment after that, and cancel the wait if there is
   * nothing to wait for.
   * @param id canonical UUID
   */
  start(id: string): Wait {
    const { promise: result, resolve } = Promise.withResolvers<WaitResult>();
    const deadlineMs = performance.now() + this.#parts.waitMs;
    const wait: Wait = { id, result, resolve, deadlineMs, previous: null, next: null };
    if (this.#isClosed) resolve(null);
    else this.#add(wait);
    return wait;
  }

  /** Ends a wait without a result; one that is over already is no error. */
  cancel(wait: Wait): void {
    this.#end(wait, null);
  }

  /** Looks for new results and wakes who waits for them. Cheap when nobody waits; call it at any hint. */
  look(): void {
    while (this.#all.size > 0) {
      const finals = this.#parts.finalsSince(this.#seenSeq, LOOK_ROWS);
      for (const { finalSeq, view } of finals) {
        this.#seenSeq = finalSeq;
        let wait = this.#byPayment.get(view.paymentId) ?? null;
        if (wait === null) continue;
        const json = JSON.stringify(view);
        for (; wait !== null; wait = wait.next) this.#end(wait, json);
      }
      if (finals.length < LOOK_ROWS) return;
    }
  }

  /** The replica stops: everybody is told to ask again, and does so at another one. */
  close(): void {
    this.#isClosed = true;
    for (const wait of this.#all) this.#end(wait, null);
  }

  #begin(): void {
    // In this order: what is committed from here on is rung for, what was before is seen by the caller's own look.
    this.#parts.onWaits(true);
    this.#seenSeq = this.#parts.lastFinalSeq();
  }

  #add(wait: Wait): void {
    if (this.#all.size === 0) this.#begin();
    this.#lookAtPeers();
    wait.next = this.#byPayment.get(wait.id) ?? null;
    if (wait.next !== null) wait.next.previous = wait;
    this.#byPayment.set(wait.id, wait);
    this.#all.add(wait);
    this.#timer ??= setTimeout(() => this.#giveUp(), this.#parts.waitMs);
  }

  #lookAtPeers(): void {
    if (this.#peerTimer !== null || !this.#parts.hasPeers()) return;
    let looks = 0;
    this.#peerTimer = setInterval(() => {
      if (looks++ % LOOKS_HEARD === 0 || this.#parts.hearsPeers?.() !== true) this.look();
    }, PEER_LOOK_MS);
  }

  #end(wait: Wait, result: WaitResult): void {
    if (!this.#all.delete(wait)) return;
    const { id, previous, next } = wait;
    // Its own links stay, so that whoever walks along the list comes further.
    if (next !== null) next.previous = previous;
    if (previous !== null) previous.next = next;
    else if (next !== null) this.#byPayment.set(id, next);
    else this.#byPayment.delete(id);
    wait.resolve(result);
    if (this.#all.size === 0) this.#rest();
  }

  #rest(): void {
    this.#parts.onWaits(false);
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#peerTimer !== null) clearInterval(this.#peerTimer);
    this.#timer = null;
    this.#peerTimer = null;
  }

  #giveUp(): void {
    this.#timer = null;
    const now = performance.now();
    for (const wait of this.#all) {
      if (wait.deadlineMs > now) {
        this.#timer ??= setTimeout(() => this.#giveUp(), wait.deadlineMs - now);
        return;
      }
      const view = this.#parts.find(wait.id);
      this.#end(wait, view === null || view.state === "pending" ? null : JSON.stringify(view));
    }
  }
}
