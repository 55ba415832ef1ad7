import { eq, sql } from "drizzle-orm";
import { toAmount } from "../../domain/money.ts";
import { formatUuid } from "../../domain/uuid.ts";
import type { AttemptFrame } from "../../ring/frames.ts";
import type { OpenDatabase } from "../../store/database.ts";
import type { EventSink } from "../../store/event-sink.ts";
import { payments } from "./table.ts";

/** Tells live what happens to payments; while nobody listens, that is one question per payment. */
export class EventTeller {
  readonly #sink: EventSink;
  readonly #idOf;

  constructor(orm: OpenDatabase["orm"], sink: EventSink) {
    this.#sink = sink;
    this.#idOf = orm
      .select({ id: payments.correlationId })
      .from(payments)
      .where(eq(payments.seq, sql.placeholder("seq")))
      .prepare();
  }

  /** @param idBytes with the UUID's 16 bytes at `idAt` */
  accepted(idBytes: Uint8Array, idAt: number, amountCents: number, atMs: number): void {
    if (!this.#sink.wants("payment.accepted")) return;
    const id = formatUuid(idBytes, idAt);
    this.#sink.emit("payment.accepted", { id, amount: toAmount(amountCents) }, atMs);
  }

  settled(seq: number, frame: AttemptFrame, feeCents: number, atMs: number): void {
    if (!this.#sink.wants("payment.settled")) return;
    const { processor } = frame;
    const [amount, fee] = [toAmount(frame.amountCents), toAmount(feeCents)];
    const latencyMs = roundMs(frame.latencyMs);
    this.#sink.emit("payment.settled", { id: this.#id(seq), amount, processor, fee, latencyMs }, atMs);
  }

  dead(seq: number, { processor, code }: AttemptFrame, atMs: number): void {
    if (!this.#sink.wants("payment.dead")) return;
    this.#sink.emit("payment.dead", { id: this.#id(seq), processor, code }, atMs);
  }

  /** A call that did not settle it. */
  attempted(seq: number, { processor, kind, code, latencyMs }: AttemptFrame, atMs: number): void {
    if (!this.#sink.wants("payment.attempt")) return;
    const fields = { id: this.#id(seq), processor, outcome: kind, code, latencyMs: roundMs(latencyMs) };
    this.#sink.emit("payment.attempt", fields, atMs);
  }

  purged(atMs: number): void {
    if (this.#sink.wants("payment.purged")) this.#sink.emit("payment.purged", {}, atMs);
  }

  #id(seq: number): string {
    const row = this.#idOf.get({ seq });
    return row === undefined ? "" : formatUuid(row.id, 0);
  }
}

function roundMs(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
