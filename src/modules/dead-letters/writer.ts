import { and, eq, inArray, sql } from "drizzle-orm";
import type { DeadLetterSourceName } from "../../domain/dead-letter.ts";
import { type EventSink, NO_EVENTS } from "../../store/event-sink.ts";
import type { StoreContext } from "../../store/module.ts";
import { onFirstUse } from "../../store/on-first-use.ts";
import type { DeadLetter } from "./sources.ts";
import { deadLetterEvents, deadLetters } from "./table.ts";

/** What other modules need of the list, inside the transaction in which something ends badly. */
export interface DeadLetterWriter {
  /** Puts a letter into the list. One about the same subject opens again and keeps its id. */
  put(letter: DeadLetter, nowMs: number): void;
  /** Forgets all letters of a source: what they are about is gone. */
  forget(source: DeadLetterSourceName): void;
}

/** Writes the list of dead letters. */
export class DeadLetterList implements DeadLetterWriter {
  readonly #orm: StoreContext["orm"];
  readonly #metrics: StoreContext["metrics"];
  readonly #events: EventSink;
  readonly #statements;

  constructor({ orm, metrics, events }: Pick<StoreContext, "orm" | "metrics" | "events">) {
    this.#orm = orm;
    this.#metrics = metrics;
    this.#events = events ?? NO_EVENTS;
    this.#statements = onFirstUse(() => prepareStatements(orm));
  }

  put(letter: DeadLetter, nowMs: number): void {
    const { source, subject, error, attempts } = letter;
    const { id } = this.#statements.put.get({
      source,
      subject,
      name: error.name,
      message: error.message,
      code: error.code,
      topic: letter.originalTopic,
      original: JSON.stringify(letter.originalMessage),
      attempts,
      now: nowMs,
    });
    for (const { atMs, outcome, code } of letter.history) {
      this.#statements.note.run({ id, atMs, event: "attempt", outcome, code, who: null });
    }
    this.#statements.note.run({ id, atMs: nowMs, event: "died", outcome: null, code: error.code, who: null });
    this.#metrics.increment("dead_letters", source);
    if (this.#events.wants("deadLetter")) {
      this.#events.emit("deadLetter", { source, id: String(id), code: error.code }, nowMs);
    }
  }

  forget(source: DeadLetterSourceName): void {
    const letters = this.#orm
      .select({ id: deadLetters.id })
      .from(deadLetters)
      .where(eq(deadLetters.source, source));
    this.#orm.delete(deadLetterEvents).where(inArray(deadLetterEvents.letterId, letters)).run();
    this.#orm.delete(deadLetters).where(eq(deadLetters.source, source)).run();
  }

  /** An open letter, or null. */
  find(id: number): { readonly source: string; readonly subject: string } | null {
    return this.#statements.find.get({ id }) ?? null;
  }

  /** Takes a letter out of the list: it is requeued. It keeps its id and history. */
  close(id: number, who: string, nowMs: number): void {
    this.#statements.close.run({ id });
    this.#statements.note.run({ id, atMs: nowMs, event: "requeued", outcome: null, code: null, who });
  }

  /** Deletes an open letter for good. @returns what it was about, or null if there is none */
  remove(id: number): { readonly source: string; readonly subject: string } | null {
    const letter = this.find(id);
    if (letter === null) return null;
    this.#orm.delete(deadLetterEvents).where(eq(deadLetterEvents.letterId, id)).run();
    this.#orm.delete(deadLetters).where(eq(deadLetters.id, id)).run();
    return letter;
  }
}

function prepareStatements(orm: StoreContext["orm"]) {
  const id = sql.placeholder("id");
  const open = and(eq(deadLetters.id, id), eq(deadLetters.isOpen, 1));
  return {
    put: orm
      .insert(deadLetters)
      .values({
        source: sql.placeholder("source"),
        subject: sql.placeholder("subject"),
        errorName: sql.placeholder("name"),
        errorMessage: sql.placeholder("message"),
        errorCode: sql.placeholder("code"),
        originalTopic: sql.placeholder("topic"),
        originalMessage: sql.placeholder("original"),
        attempts: sql.placeholder("attempts"),
        firstDiedAtMs: sql.placeholder("now"),
        diedAtMs: sql.placeholder("now"),
      })
      .onConflictDoUpdate({
        target: [deadLetters.source, deadLetters.subject],
        set: {
          isOpen: 1,
          errorName: sql.raw("excluded.error_name"),
          errorMessage: sql.raw("excluded.error_message"),
          errorCode: sql.raw("excluded.error_code"),
          originalMessage: sql.raw("excluded.original_message"),
          attempts: sql.raw("excluded.attempts"),
          deaths: sql`${deadLetters.deaths} + 1`,
          diedAtMs: sql.raw("excluded.died_at_ms"),
        },
      })
      .returning({ id: deadLetters.id })
      .prepare(),
    note: orm
      .insert(deadLetterEvents)
      .values({
        letterId: id,
        atMs: sql.placeholder("atMs"),
        event: sql.placeholder("event"),
        outcome: sql.placeholder("outcome"),
        code: sql.placeholder("code"),
        who: sql.placeholder("who"),
      })
      .prepare(),
    find: orm
      .select({ source: deadLetters.source, subject: deadLetters.subject })
      .from(deadLetters)
      .where(open)
      .prepare(),
    close: orm.update(deadLetters).set({ isOpen: 0 }).where(open).prepare(),
  };
}
