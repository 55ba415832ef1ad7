import { useEffect, useState } from "preact/hooks";
import { type CallResult, call } from "./call.ts";

export interface Resource<Data> {
  /** The newest good answer; stays when a later call fails. */
  readonly data: Data | null;
  /** How the newest call failed, or null. */
  readonly failure: CallResult<unknown> | null;
  readonly reload: () => void;
}

/**
 * Reads a path of the service, and again every `everyMs` while the page is visible.
 * @param path null reads nothing
 */
export function useResource<Data>(path: string | null, everyMs?: number): Resource<Data> {
  const [state, setState] = useState<{
    path: string | null;
    data: Data | null;
    failure: CallResult<unknown> | null;
  }>({ path, data: null, failure: null });
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    if (path === null) return;
    return readRepeatedly<Data>(path, everyMs, (result) =>
      setState((before) => ({
        path,
        data: result.kind === "ok" ? result.data : before.path === path ? before.data : null,
        failure: result.kind === "ok" ? null : result,
      })),
    );
  }, [path, everyMs, turn]);
  const reload = () => setTurn(turn + 1);
  // The answer of another path must not be shown under this one, not even once.
  return state.path === path ? { ...state, reload } : { data: null, failure: null, reload };
}

/** Reads until the function that it returns is called; an absent route is not asked again. */
export function readRepeatedly<Data>(
  path: string,
  everyMs: number | undefined,
  show: (result: CallResult<Data>) => void,
): () => void {
  const stop = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const read = async () => {
    const result = document.hidden ? null : await call<Data>(path, { signal: stop.signal });
    if (stop.signal.aborted) return;
    if (result !== null) show(result);
    if (everyMs !== undefined && result?.kind !== "absent") timer = setTimeout(read, everyMs);
  };
  void read();
  return () => {
    stop.abort();
    clearTimeout(timer);
  };
}
