import { LIMITS } from "../../config/limits.ts";
import type { Intake } from "../../engine/intake.ts";
import { problem, validationProblem } from "../../http/errors.ts";
import { RETRY_LATER } from "../../http/execution-problem.ts";
import { encodeJson, FRAME_KINDS } from "../../ring/frames.ts";
import type { Durability } from "../../store/database.ts";
import type { CommandReply } from "../../store/module.ts";
import type { CreatingCalls } from "../idempotency/creating-calls.ts";
import type { AccountPaymentReply } from "./commands.ts";
import { type NewAccountPayment, readAccountPayment, viewOfNew } from "./model.ts";

export interface AccountPaymentAcceptorParts {
  readonly intake: Intake;
  readonly calls: CreatingCalls;
  readonly durability: Durability;
  /** Why nothing can be stored now, or null. */
  readonly unavailable: () => Response | null;
}

const COMMAND = "accountPayments.create";

/**
 * Accepts account payments, on main. With DURABILITY=process one is acknowledged as soon as its frame is in the
 * intake log: nothing that may happen to it later changes the answer. With an Idempotency-Key, and with
 * DURABILITY=power, the commit is waited for.
 */
export class AccountPaymentAcceptor {
  readonly #parts: AccountPaymentAcceptorParts;

  constructor(parts: AccountPaymentAcceptorParts) {
    this.#parts = parts;
  }

  accept(request: Request, body: unknown): Response | Promise<Response> {
    const { calls, durability, unavailable } = this.#parts;
    const read = readAccountPayment(body);
    if (read.kind === "invalid") return validationProblem(read.errors);
    const input: NewAccountPayment = { ...read.value, id: Bun.randomUUIDv7(), createdAtMs: Date.now() };
    if (durability === "power" || calls.hasKey(request)) {
      return calls.run({ request, body, command: COMMAND, input, answer: answerReply });
    }
    return unavailable() ?? this.#queue(input);
  }

  #queue(input: NewAccountPayment): Response {
    // A command like any other, but nobody waits for its reply.
    const payload = encodeJson({ name: COMMAND, replyId: 0, input });
    if (payload.byteLength > LIMITS.commandBytesMax.value) throw new Error("an account payment is too large");
    const head = this.#parts.intake.submit(FRAME_KINDS.command, payload);
    return head < 0 ? problem("QUEUE_FULL", { headers: RETRY_LATER }) : answerCreated(input);
  }
}

function answerReply(reply: CommandReply): Response {
  return answerCreated((reply as AccountPaymentReply).payment); // commands.ts of this module made it
}

function answerCreated(payment: NewAccountPayment): Response {
  return Response.json(viewOfNew(payment), { status: 201 });
}
