import { parseUuid } from "../../domain/uuid.ts";
import type { Intake } from "../../engine/intake.ts";
import { FRAME_KINDS } from "../../ring/frames.ts";
import type { OperationRequest } from "./model.ts";
import { WALLET_OPERATION_BYTES, writeOperation } from "./operation-frame.ts";
import { OperationsInFlight, type QueuedOperation } from "./operations-in-flight.ts";

/** How long a read waits for what was acknowledged before it. */
const CATCH_UP_MS = 500;

/** Queues operations on main: acknowledged as soon as the frame is in the intake log. */
export class WalletOperator {
  readonly #intake: Intake;
  readonly #inFlight = new OperationsInFlight();
  readonly #payload = new Uint8Array(WALLET_OPERATION_BYTES);
  readonly #view = new DataView(this.#payload.buffer);

  constructor(intake: Intake) {
    this.#intake = intake;
  }

  /** @returns the operation's id, or null if the intake log is full: nothing was taken */
  queue(accountId: number, { type, amountCents }: OperationRequest, acceptedAtMs: number): string | null {
    const id = Bun.randomUUIDv7();
    if (!parseUuid(id, this.#payload, 0)) throw new Error("a made UUID is none");
    const operation: QueuedOperation = { accountId, type, amountCents, acceptedAtMs };
    writeOperation(this.#view, operation);
    const head = this.#intake.submit(FRAME_KINDS.walletOperation, this.#payload);
    if (head < 0) return null;
    this.#inFlight.forgetUpTo(this.#intake.tail);
    this.#inFlight.add(id, operation, head);
    return id;
  }

  /** Resolves when what was acknowledged for this wallet is decided, or after some time. */
  async settled(accountId: number): Promise<void> {
    this.#inFlight.forgetUpTo(this.#intake.tail);
    if (this.#inFlight.hasAny(accountId)) await this.#intake.caughtUp(CATCH_UP_MS);
  }

  /** Resolves when everything acknowledged is committed, or after some time: before a 404. */
  caughtUp(): Promise<void> {
    return this.#intake.caughtUp(CATCH_UP_MS);
  }

  /** An operation that is acknowledged and not decided yet. */
  findQueued(id: string): QueuedOperation | undefined {
    this.#inFlight.forgetUpTo(this.#intake.tail);
    return this.#inFlight.find(id);
  }
}
