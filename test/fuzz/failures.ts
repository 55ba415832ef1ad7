import type { FuzzRequest } from "./request-maker.ts";

const KINDS_MAX = 30;
const SHOWN_CHARACTERS_MAX = 3_000;

/** What went wrong, one example of each kind: a broken route would otherwise fill the screen by itself. */
export class Failures {
  readonly #texts = new Map<string, string>();

  /** @param place seed, client and number of the request, by which it is made again */
  add({ operation, method, bytes }: FuzzRequest, fault: string, place: string): void {
    // Up to the answer's own text, which differs from case to case.
    const kind = `${method} ${operation.path} ${fault.replace(/[[:][\s\S]*/, "")}`;
    if (this.#texts.has(kind)) return;
    const request = JSON.stringify(Buffer.from(bytes).toString("latin1"));
    const shown =
      request.length <= SHOWN_CHARACTERS_MAX
        ? request
        : `${request.slice(0, SHOWN_CHARACTERS_MAX)}… (${bytes.length} bytes)`;
    this.#texts.set(kind, `${fault}\n  ${place}: ${shown}`);
  }

  get texts(): string[] {
    return [...this.#texts.values()];
  }
  get isFull(): boolean {
    return this.#texts.size >= KINDS_MAX;
  }
}
