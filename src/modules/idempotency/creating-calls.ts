import { canonicalJson } from "../../domain/canonical-json.ts";
import { parseIdempotencyKey } from "../../domain/idempotency-key.ts";
import type { Intake } from "../../engine/intake.ts";
import { pathOf } from "../../http/allowed-methods.ts";
import { problem } from "../../http/errors.ts";
import { executionProblem } from "../../http/execution-problem.ts";
import type { CommandReply } from "../../store/module.ts";
import type { KeyedCommand, KeyedReply } from "./commands.ts";

export interface CreatingCallsParts {
  readonly intake: Pick<Intake, "execute">;
  /** Why nothing can be stored now, or null. */
  readonly unavailable: () => Response | null;
}

export interface CreatingCall {
  readonly request: Request;
  /** The parsed body: the same key with the same body is the same call. */
  readonly body: unknown;
  readonly command: string;
  /** The command's input; ids that are made for the call belong here, and into the reply. */
  readonly input: unknown;
  /** Makes the answer of the command's reply, and of nothing else: a repeat gets the first one's reply. */
  readonly answer: (reply: CommandReply) => Response;
}

const KEY_HEADER = "idempotency-key";
const REPLAYED = { "idempotent-replayed": "true" };

/**
 * Main's side of every POST that creates something (CONTRACTS, "Rules for every route"): runs the command and
 * answers, and if the request carries an `Idempotency-Key`, does so once per caller, route and key.
 *
 * Check the form of the request first: what is badly formed is no call, and leaves no record.
 *
 * @example
 * .post("/users", ({ request, body }) => {
 *   const read = readUserBody(body);
 *   if (read.kind === "invalid") return validationProblem(read.errors);
 *   return calls.run({ request, body, command: "users.create", input: read.user, answer: answerCreated });
 * })
 */
export class CreatingCalls {
  readonly #parts: CreatingCallsParts;
  /** Scopes whose first call this replica still works on. */
  readonly #running = new Set<string>();

  constructor(parts: CreatingCallsParts) {
    this.#parts = parts;
  }

  /** Whether a request asks for this; routes with a quicker way of their own take that one if not. */
  hasKey(request: Request): boolean {
    return request.headers.get(KEY_HEADER) !== null;
  }

  async run(call: CreatingCall): Promise<Response> {
    const header = call.request.headers.get(KEY_HEADER);
    const unavailable = this.#parts.unavailable();
    if (header === null) return unavailable ?? this.#runOnce(call);
    const key = parseIdempotencyKey(header);
    if (key === null) return problem("IDEMPOTENCY_KEY_INVALID");
    if (unavailable !== null) return unavailable;
    const scope = scopeOf(call.request, key);
    if (this.#running.has(scope)) return problem("IDEMPOTENCY_KEY_IN_USE");
    this.#running.add(scope);
    try {
      return await this.#runKeyed(call, scope);
    } finally {
      this.#running.delete(scope);
    }
  }

  async #runOnce({ command, input, answer }: CreatingCall): Promise<Response> {
    const execution = await this.#parts.intake.execute(command, input);
    return execution.kind === "done" && execution.reply.kind !== "bug"
      ? answer(execution.reply)
      : (executionProblem(execution) ?? problem("INTERNAL"));
  }

  async #runKeyed({ body, command, input, answer }: CreatingCall, scope: string): Promise<Response> {
    const keyed: KeyedCommand = { scope, fingerprint: sha256(canonicalJson(body)), name: command, input };
    const execution = await this.#parts.intake.execute("idempotency.run", keyed);
    const failed = executionProblem(execution);
    if (failed !== null || execution.kind !== "done") return failed ?? problem("INTERNAL");
    // commands.ts of this module made it; a bug's reply is gone by now.
    const reply = execution.reply as KeyedReply;
    if (reply.kind === "reused") return problem("IDEMPOTENCY_KEY_REUSED");
    const response = answer(reply.reply);
    if (reply.kind === "replayed") {
      for (const [name, value] of Object.entries(REPLAYED)) response.headers.set(name, value);
    }
    return response;
  }
}

/**
 * Who asks for what under which name. Hashed: a caller's token must not be stored, and any key has one length.
 * The path names the resource, too: the same key on two wallets is two calls.
 */
function scopeOf(request: Request, key: string): string {
  const caller = request.headers.get("authorization") ?? "";
  const path = pathOf(request.url).replace(/\/+$/, "");
  return sha256([caller, request.method, path, key].join("\n"));
}

function sha256(text: string): string {
  return new Bun.CryptoHasher("sha256").update(text).digest("hex");
}
