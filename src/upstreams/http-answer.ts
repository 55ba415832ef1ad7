import { headerOf, type ResponseHead } from "./http-response-head.ts";
import type { HttpAnswer } from "./http-result.ts";

/** An answer as it was read; its headers are searched only when somebody asks for one. */
export class ParsedAnswer implements HttpAnswer {
  readonly kind = "answer";
  readonly status: number;
  readonly body: Uint8Array;
  readonly latencyMs: number;
  readonly #head: ResponseHead;

  constructor(head: ResponseHead, body: Uint8Array, latencyMs: number) {
    this.status = head.status;
    this.body = body;
    this.latencyMs = latencyMs;
    this.#head = head;
  }

  get bodyEndMarked(): boolean {
    return this.#head.framing !== "until-close";
  }

  header(name: string): string | undefined {
    return headerOf(this.#head, name);
  }
}
