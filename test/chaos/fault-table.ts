/**
 * Every fault that may happen, with its ranges: the one place that says what "chaos" is. The plan draws from it,
 * fault-actions.ts carries it out.
 */

/** Faults of one track follow each other; those of different tracks overlap. */
export const TRACKS = [
  "r1",
  "r2",
  "r3",
  "redis",
  "default",
  "fallback",
  "card-gateway",
  "payment-gateway",
  "nginx",
  "storage",
  "clock",
] as const;
export type Track = (typeof TRACKS)[number];

/** Both ends included. */
export type Range = readonly [low: number, high: number];

export interface FaultKind {
  readonly name: string;
  /** How often it is drawn, in relation to the others of its track. */
  readonly weight: number;
  readonly durationMs: Range;
  /** What else is drawn for it; `unit` names it in the progress line. */
  readonly strength?: { readonly range: Range; readonly unit: string };
  readonly meaning: string;
}

export interface TrackFaults {
  /** Between the end of one fault and the next. */
  readonly gapMs: Range;
  readonly kinds: readonly FaultKind[];
}

/** A dead or frozen replica's lease ends after 3 s (store/replica-lease.ts): these are shorter or longer on purpose. */
const REPLICA: TrackFaults = {
  gapMs: [1_500, 9_000],
  kinds: [
    { name: "kill", weight: 4, durationMs: [100, 2_500], meaning: "kill -9, started again afterwards" },
    { name: "leave-dead", weight: 1, durationMs: [5_000, 12_000], meaning: "kill -9, longer than its lease" },
    {
      name: "kill-recovery",
      weight: 1,
      durationMs: [100, 2_000],
      strength: { range: [0, 400], unit: "ms into its start" },
      meaning: "kill -9, started, and killed again while it still recovers",
    },
    {
      name: "kill-behind-lock",
      weight: 2,
      durationMs: [100, 6_000],
      strength: { range: [20, 400], unit: "ms after it could commit last" },
      meaning:
        "kill -9 while another program holds the database: what it acknowledged is in its intake log alone",
    },
    { name: "freeze", weight: 3, durationMs: [50, 2_500], meaning: "SIGSTOP, then SIGCONT" },
    { name: "freeze-long", weight: 1, durationMs: [3_500, 8_000], meaning: "SIGSTOP, longer than its lease" },
    { name: "stop", weight: 1, durationMs: [100, 2_000], meaning: "SIGTERM, started again afterwards" },
  ],
};

const PROCESSOR: TrackFaults = {
  gapMs: [1_000, 7_000],
  kinds: [
    {
      name: "slow",
      weight: 3,
      durationMs: [500, 5_000],
      strength: { range: [50, 3_000], unit: "ms" },
      meaning: "every payment takes so long, and is recorded even if the caller has given up",
    },
    { name: "fail", weight: 2, durationMs: [300, 5_000], meaning: "500 without a body: nothing is recorded" },
    {
      name: "lie",
      weight: 3,
      durationMs: [500, 6_000],
      strength: { range: [10, 90], unit: "% of the calls" },
      meaning: "loses answers, hangs, answers garbage, resets, 500 with a message; recorded or not",
    },
    { name: "freeze", weight: 2, durationMs: [200, 4_000], meaning: "SIGSTOP: accepts, and says nothing" },
  ],
};

export const FAULTS: Readonly<Record<Track, TrackFaults>> = {
  r1: REPLICA,
  r2: REPLICA,
  r3: REPLICA,
  redis: {
    gapMs: [1_500, 7_000],
    kinds: [
      { name: "freeze", weight: 2, durationMs: [100, 4_000], meaning: "SIGSTOP, then SIGCONT" },
      { name: "flush", weight: 2, durationMs: [0, 0], meaning: "FLUSHALL" },
      { name: "pause", weight: 2, durationMs: [200, 3_000], meaning: "CLIENT PAUSE ALL" },
      { name: "empty", weight: 2, durationMs: [100, 4_000], meaning: "kill -9, back without its data" },
      { name: "rewind", weight: 2, durationMs: [300, 3_000], meaning: "SAVE, later kill -9, back as it was" },
    ],
  },
  default: PROCESSOR,
  fallback: PROCESSOR,
  "card-gateway": {
    gapMs: [2_000, 8_000],
    kinds: [
      ...PROCESSOR.kinds,
      { name: "decline", weight: 1, durationMs: [300, 3_000], meaning: "a final no" },
    ],
  },
  "payment-gateway": {
    gapMs: [2_000, 8_000],
    kinds: [
      { name: "fail", weight: 2, durationMs: [300, 4_000], meaning: "502: nothing is charged" },
      {
        name: "lie",
        weight: 3,
        durationMs: [500, 6_000],
        strength: { range: [10, 90], unit: "% of the calls" },
        meaning: "hangs, resets, answers 502; charged or not",
      },
      {
        name: "slow",
        weight: 2,
        durationMs: [500, 4_000],
        strength: { range: [100, 2_000], unit: "ms" },
        meaning: "every charge takes so long, and is made even if the caller has given up",
      },
    ],
  },
  nginx: {
    gapMs: [4_000, 15_000],
    kinds: [
      { name: "reload", weight: 1, durationMs: [0, 0], meaning: "SIGHUP: a new worker, the old one ends" },
    ],
  },
  storage: {
    gapMs: [6_000, 20_000],
    kinds: [
      { name: "full-disk", weight: 2, durationMs: [300, 4_000], meaning: "no byte is left for the data" },
      { name: "lock", weight: 1, durationMs: [200, 3_000], meaning: "another program holds the database" },
    ],
  },
  clock: {
    gapMs: [6_000, 20_000],
    kinds: [
      {
        name: "ahead",
        weight: 1,
        durationMs: [500, 8_000],
        strength: { range: [200, 20_000], unit: "ms" },
        meaning: "the replicas' wall clock is set forward, afterwards back",
      },
      {
        name: "behind",
        weight: 1,
        durationMs: [500, 8_000],
        strength: { range: [200, 20_000], unit: "ms" },
        meaning: "the replicas' wall clock is set back, afterwards forward",
      },
    ],
  },
};

/** How far the replicas' clock may be from the processors': windows of the summary are drawn this much wider. */
export const CLOCK_STEP_MAX_MS = 20_000;
