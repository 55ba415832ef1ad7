import { useEffect, useState } from "preact/hooks";

/** A value that several components show: the route, the language, the administrator's token, the toasts. */
export class Cell<Value> {
  #value: Value;
  readonly #listeners = new Set<() => void>();

  constructor(value: Value) {
    this.#value = value;
  }

  get value(): Value {
    return this.#value;
  }

  set(value: Value): void {
    if (Object.is(value, this.#value)) return;
    this.#value = value;
    for (const listener of [...this.#listeners]) listener();
  }

  /** Calls `listener` after every change, until the function that it returns is called. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** The cell's value; the component is drawn again when it changes. */
export function useCell<Value>(cell: Cell<Value>): Value {
  const [shown, show] = useState(cell.value);
  useEffect(() => {
    // It may have changed between the drawing and this effect.
    show(() => cell.value);
    return cell.subscribe(() => show(() => cell.value));
  }, [cell]);
  return shown;
}
