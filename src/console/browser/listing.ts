import { useEffect, useState } from "preact/hooks";
import { type CallResult, call } from "./call.ts";

/** The service's listings: newest first, continued behind `next`. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next: string | null;
  /** How far back this page looked; only where one call may look at a part. */
  readonly searchedTo?: string | null;
}

export interface Listing<Item> {
  readonly items: readonly Item[];
  readonly next: string | null;
  readonly searchedTo: string | null;
  readonly failure: CallResult<unknown> | null;
  readonly loading: boolean;
  readonly more: () => void;
  readonly reload: () => void;
}

/**
 * A listing that grows by a page at a time.
 * @param path with its filters; null reads nothing
 */
export function useListing<Item>(path: string | null): Listing<Item> {
  const [page, setPage] = useState<Page<Item> | null>(null);
  const [failure, setFailure] = useState<CallResult<unknown> | null>(null);
  const [loading, setLoading] = useState(true);
  const [turn, setTurn] = useState(0);

  const read = async (before: Page<Item> | null, signal: AbortSignal) => {
    if (path === null) return;
    setLoading(true);
    const joint = path.includes("?") ? "&" : "?";
    const cursor = before?.next ? `${joint}cursor=${encodeURIComponent(before.next)}` : "";
    const result = await call<Page<Item>>(path + cursor, { signal });
    if (signal.aborted) return;
    setLoading(false);
    setFailure(result.kind === "ok" ? null : result);
    if (result.kind === "ok") {
      setPage({ ...result.data, items: [...(before?.items ?? []), ...result.data.items] });
    }
  };

  // read again for another path, or when asked to
  useEffect(() => {
    const stop = new AbortController();
    void read(null, stop.signal);
    return () => stop.abort();
  }, [path, turn]);

  return {
    items: page?.items ?? [],
    next: page?.next ?? null,
    searchedTo: page?.searchedTo ?? null,
    failure,
    loading,
    more: () => void read(page, new AbortController().signal),
    reload: () => setTurn(turn + 1),
  };
}
