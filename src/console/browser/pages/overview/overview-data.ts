import { useEffect, useState } from "preact/hooks";
import { type CallResult, call } from "../../call.ts";
import { readRepeatedly } from "../../resource.ts";

/** What `GET /api/console/overview` answers: columns for the charts. */
export interface History {
  readonly resolution: "second" | "minute";
  readonly stepSeconds: number;
  readonly times: readonly number[];
  readonly series: Readonly<Record<SeriesName, readonly (number | null)[]>>;
}

export type SeriesName =
  | "accepted"
  | "settledDefault"
  | "settledFallback"
  | "dead"
  | "failedAttempts"
  | "responses"
  | "serverErrors"
  | "acceptP50Ms"
  | "acceptP99Ms"
  | "callP50Ms"
  | "callP99Ms"
  | "commitP99Ms"
  | "queueDepth"
  | "queueOldestSeconds"
  | "inFlight"
  | "waiting"
  | "intakeFill"
  | "residentBytes";

/** The ranges to choose from: by second up to an hour, by minute above. */
export const RANGES = {
  "5m": { resolution: "second", points: 300 },
  "15m": { resolution: "second", points: 900 },
  "1h": { resolution: "second", points: 3600 },
  "6h": { resolution: "minute", points: 360 },
  "24h": { resolution: "minute", points: 1440 },
} as const;
export type Range = keyof typeof RANGES;

export function readRange(text: string | null): Range {
  return text !== null && Object.hasOwn(RANGES, text) ? (text as Range) : "5m"; // a key, as just seen
}

/** Steps that are read again each time: the newest of them may still have been growing. */
const TAIL_POINTS = 5;
const TAIL_EVERY_MS = { second: 1000, minute: 10_000 } as const;

/** The history of a range: read whole once, then its newest steps only. */
export function useHistory(range: Range) {
  const [history, setHistory] = useState<History | null>(null);
  const [failure, setFailure] = useState<CallResult<unknown> | null>(null);
  useEffect(() => {
    const { resolution, points } = RANGES[range];
    setHistory(null);
    let known: History | null = null;
    let stopped = false;
    const show = (result: CallResult<History>, whole: boolean) => {
      if (stopped) return;
      if (result.kind !== "ok") {
        // After an interruption the tail would leave a hole.
        known = null;
        return setFailure(result);
      }
      known = whole || known === null ? result.data : appendTail(known, result.data, points);
      setHistory(known);
      setFailure(null);
    };
    const path = `/api/console/overview?resolution=${resolution}&points=`;
    const stop = readRepeatedly<History>(`${path}${TAIL_POINTS}`, TAIL_EVERY_MS[resolution], async (tail) => {
      const joins = known !== null && tail.kind === "ok" && joinsOn(known, tail.data);
      if (joins || tail.kind !== "ok") return show(tail, false);
      show(await call<History>(`${path}${points}`), true);
    });
    return () => {
      stopped = true;
      stop();
    };
  }, [range]);
  return { history, failure };
}

function joinsOn(known: History, tail: History): boolean {
  const first = tail.times[0];
  return first !== undefined && known.times.includes(first);
}

/** Puts the newest steps over the end of what is known, and forgets as many old ones. */
export function appendTail(known: History, tail: History, points: number): History {
  const first = tail.times[0];
  const kept = first === undefined ? known.times.length : known.times.indexOf(first);
  const join = <Value>(left: readonly Value[], right: readonly Value[]) =>
    [...left.slice(0, kept), ...right].slice(-points);
  const names = Object.keys(known.series) as SeriesName[]; // the keys of the type
  const series: Record<string, readonly (number | null)[]> = Object.fromEntries(
    names.map((name) => [name, join(known.series[name], tail.series[name])]),
  );
  // Every name of `known` was carried over.
  return { ...known, times: join(known.times, tail.times), series: series as History["series"] };
}
