import { useEffect, useRef } from "preact/hooks";
import { Cell } from "./cell.ts";

/** An event of the service; which further fields it has depends on its type. */
export interface LiveEvent {
  readonly type: string;
  readonly at: string;
  readonly replica: string;
  readonly id?: string | number;
  readonly amount?: number;
  readonly processor?: string;
  readonly outcome?: string;
  readonly code?: string;
  readonly status?: string;
  readonly state?: string;
  readonly source?: string;
  readonly latencyMs?: number;
  readonly counts?: Readonly<Record<string, number>>;
  readonly breaker?: string;
  readonly failing?: boolean;
}

type Listener = (event: LiveEvent) => void;

/** Not open yet, open, or lost (and trying again). */
export const connection = new Cell<"idle" | "open" | "lost">("idle");

const REOPEN_MS = 3000;

const listeners = new Set<Listener>();
let source: EventSource | null = null;

/** Calls `listener` with every event while the component is shown; all components share one connection. */
export function useLiveEvents(listener: Listener): void {
  const current = useRef(listener);
  current.current = listener;
  useEffect(() => {
    const forward: Listener = (event) => current.current(event);
    listeners.add(forward);
    open();
    return () => {
      listeners.delete(forward);
      if (listeners.size === 0) close();
    };
  }, []);
}

function open(): void {
  if (source !== null) return;
  source = new EventSource("/events");
  source.onopen = () => connection.set("open");
  source.onerror = () => {
    connection.set("lost");
    // The browser connects again by itself, and says how far it had got; after an answer that is no stream, it does not.
    if (source?.readyState === EventSource.CLOSED) setTimeout(reopen, REOPEN_MS);
  };
  source.onmessage = ({ data }) => {
    const event = JSON.parse(data) as LiveEvent; // the service's own text
    for (const listener of [...listeners]) listener(event);
  };
}

function reopen(): void {
  if (source?.readyState !== EventSource.CLOSED) return;
  source = null;
  open();
}

function close(): void {
  source?.close();
  source = null;
  connection.set("idle");
}
