import { useResource } from "./resource.ts";

/** What `GET /api/console/state` answers: the replica as it is now. */
export interface ReplicaState {
  readonly replica: string;
  readonly version: string;
  readonly revision: string;
  readonly startedAt: string;
  readonly uptimeSeconds: number;
  readonly durability: "process" | "power";
  readonly redis: "not_configured" | "ok" | "away";
  readonly health: Readonly<Record<string, string | number | boolean>>;
  readonly replicas: readonly ReplicaEntry[];
  readonly queue: {
    readonly depth: number;
    readonly oldestSeconds: number;
    readonly byKind: Readonly<Record<string, number>>;
  };
  readonly processors: Readonly<Record<ProcessorName, ProcessorState>>;
  readonly totals: {
    readonly accepted: number;
    readonly dead: number;
    readonly count: number;
    readonly amount: number;
    readonly fees: number;
    readonly feeShareEffective: number | null;
  };
  readonly dispatch: { readonly inFlight: number; readonly waiting: number };
  readonly memory: { readonly residentBytes: number };
  readonly live: { readonly streams: number; readonly longPolls: number };
}

export const PROCESSORS = ["default", "fallback"] as const;
export type ProcessorName = (typeof PROCESSORS)[number];

export interface ReplicaEntry {
  readonly name: string;
  readonly self: boolean;
  readonly alive: boolean;
  readonly leaseUntil: string | null;
}

export interface ProcessorState {
  readonly health: {
    readonly failing: boolean;
    readonly minResponseTimeMs: number;
    readonly seenAt: string;
  } | null;
  readonly breaker: "closed" | "half-open" | "open";
  readonly builtIn: boolean;
  readonly url: string | null;
  readonly feeShare: number;
  readonly settled: { readonly count: number; readonly amount: number; readonly fee: number };
  readonly attempts: Readonly<Record<string, number>>;
}

const EVERY_MS = 1000;

export function useReplicaState() {
  return useResource<ReplicaState>("/api/console/state", EVERY_MS);
}
