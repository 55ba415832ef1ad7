import { eq, lte, sql } from "drizzle-orm";
import type { CommandHandler, CommandReply, StoreContext, StoreModule } from "../../store/module.ts";
import { onFirstUse } from "../../store/on-first-use.ts";
import { idempotencyRecords } from "./table.ts";

/** A command that came with an Idempotency-Key, as main puts it into the ring. */
export interface KeyedCommand {
  /** SHA-256 of caller, route and key, in hexadecimal. */
  readonly scope: string;
  /** SHA-256 of the body, in hexadecimal. */
  readonly fingerprint: string;
  /** The command that makes the effect, and its input. */
  readonly name: string;
  readonly input: unknown;
}

export type KeyedReply =
  | { readonly kind: "first" | "replayed"; readonly reply: CommandReply }
  /** The key was used with another body. */
  | { readonly kind: "reused" };

/** Section A's: what a purge of payments forgets, together with its keys. */
const PURGED_COMMAND = "payments.accept";

/** Expired records that one transaction deletes, at most: a millisecond of the write lock. */
const SWEEP_BATCH = 200;
const SWEEP_EVERY_MS = 1000;

/**
 * Runs other modules' commands once per key. The reply is stored in the transaction of the effect: either
 * both are there or neither is, whenever the process dies.
 *
 *   no record, or an expired one ──► run the command, store its reply     "first"
 *   record, same body            ──► the stored reply, nothing is run     "replayed"
 *   record, another body         ──► nothing is run                       "reused"
 */
export class IdempotencyCommands implements StoreModule {
  readonly #context: StoreContext;
  readonly #handlers = new Map<string, CommandHandler>();
  readonly #onReplay: (command: string) => void;
  readonly #now: () => number;
  readonly #statements;
  #sweepAtMs = 0;

  /**
   * @param modules whose commands may be run with a key
   * @param onReplay counts a replayed command, in the transaction
   */
  constructor(
    context: StoreContext,
    modules: readonly StoreModule[],
    onReplay: (command: string) => void = () => {},
    now: () => number = Date.now,
  ) {
    this.#context = context;
    this.#onReplay = onReplay;
    this.#now = now;
    for (const { commands } of modules) {
      for (const [name, handler] of Object.entries(commands)) this.#handlers.set(name, handler);
    }
    this.#statements = onFirstUse(() => prepareStatements(context.orm));
  }

  readonly commands = {
    "idempotency.run": (command: KeyedCommand, nowMs: number): KeyedReply => this.#run(command, nowMs),
  };

  /** Deletes what has expired, a little at a time. */
  beforeCommit(): void {
    const now = this.#now();
    if (now < this.#sweepAtMs) return;
    const deleted = this.#statements.sweep.all({ now, limit: SWEEP_BATCH }).length;
    // More than that: the next transaction goes on, so that the table never grows for lack of sweeping.
    this.#sweepAtMs = deleted === SWEEP_BATCH ? now : now + SWEEP_EVERY_MS;
  }

  rolledBack(): void {
    this.#sweepAtMs = 0;
  }

  /** A replay would promise a payment that is gone: with the payments of section A go the keys that made them. */
  purged(): void {
    this.#statements.forget.run({ command: PURGED_COMMAND });
  }

  #run(command: KeyedCommand, nowMs: number): KeyedReply {
    const scope = Buffer.from(command.scope, "hex");
    const fingerprint = Buffer.from(command.fingerprint, "hex");
    const known = this.#statements.find.get({ scope });
    if (known !== undefined && known.expiresAtMs > nowMs) {
      if (!known.fingerprint.equals(fingerprint)) return { kind: "reused" };
      this.#context.metrics.increment("idempotent_replays");
      this.#onReplay(command.name);
      // Written below, by this or an earlier version.
      return { kind: "replayed", reply: JSON.parse(known.reply) as CommandReply };
    }
    const handler = this.#handlers.get(command.name);
    if (handler === undefined) throw new Error(`nobody handles the command ${command.name}`);
    // The route that wrote the command and the handler belong to the same module and share its types.
    const reply = handler(command.input as never, nowMs);
    this.#statements.put.run({
      scope,
      fingerprint,
      reply: JSON.stringify(reply),
      command: command.name,
      expiresAtMs: nowMs + this.#context.settings.idempotencyTtlSeconds * 1000,
    });
    return { kind: "first", reply };
  }
}

function prepareStatements(orm: StoreContext["orm"]) {
  const expired = orm
    .select({ scope: idempotencyRecords.scope })
    .from(idempotencyRecords)
    .where(lte(idempotencyRecords.expiresAtMs, sql.placeholder("now")))
    .orderBy(idempotencyRecords.expiresAtMs)
    .limit(sql.placeholder("limit"));
  return {
    find: orm
      .select({
        fingerprint: idempotencyRecords.fingerprint,
        reply: idempotencyRecords.reply,
        expiresAtMs: idempotencyRecords.expiresAtMs,
      })
      .from(idempotencyRecords)
      .where(eq(idempotencyRecords.scope, sql.placeholder("scope")))
      .prepare(),
    put: orm
      .insert(idempotencyRecords)
      .values({
        scope: sql.placeholder("scope"),
        fingerprint: sql.placeholder("fingerprint"),
        reply: sql.placeholder("reply"),
        command: sql.placeholder("command"),
        expiresAtMs: sql.placeholder("expiresAtMs"),
      })
      .onConflictDoUpdate({
        target: idempotencyRecords.scope,
        set: {
          fingerprint: sql.raw("excluded.fingerprint"),
          reply: sql.raw("excluded.reply"),
          command: sql.raw("excluded.command"),
          expiresAtMs: sql.raw("excluded.expires_at_ms"),
        },
      })
      .prepare(),
    forget: orm
      .delete(idempotencyRecords)
      .where(eq(idempotencyRecords.command, sql.placeholder("command")))
      .prepare(),
    sweep: orm
      .delete(idempotencyRecords)
      .where(sql`${idempotencyRecords.scope} IN ${expired}`)
      .returning({ scope: idempotencyRecords.scope })
      .prepare(),
  };
}
