/** What a soak must keep, each with its reason. A soak that breaks one exits 1. */
export const SOAK_LIMITS = {
  rateShareMin: { value: 0.98, why: "of the requests that were due were sent; less is a test of nothing" },
  unexpectedAnswersMax: { value: 0, why: "answers that the contract does not have for the request" },
  busyShareMax: {
    value: 0.001,
    why: "of the answers may be 503: the write lock of a machine that stood still",
  },
  ownMegabytesMax: {
    value: 72,
    why: "memory that no file could give back, of the 80 MB that compose.yml gives a replica: the rest is for file pages",
  },
  residentMegabytesMax: {
    value: 120,
    why: "RSS: what is not its own are pages of files, which replicas share and the kernel may drop: 25 MB",
  },
  ownSlopeMax: {
    value: 3,
    why: "MB per hour, beyond doubt: what a heap's coming and going leaves of a slope over an hour is less",
  },
  p50SlopeMax: { value: 0.5, why: "ms per hour, of the medians" },
  p99SlopeMax: { value: 10, why: "ms per hour; the 99th percentile of 10 s varies with the machine" },
  walMegabytesMax: {
    value: 64,
    why: "twice what the checkpointer lets it grow to before it makes writers wait",
  },
  queueDepthMax: { value: 2_000, why: "tasks that wait: at 500/s with quick upstreams some seconds of them" },
  bytesPerRequestMax: {
    value: 400,
    why: "of the database, per request: what is kept for ever is payments, entries of the ledger, dead letters",
  },
  boundedRowsShareMax: {
    value: 1.5,
    why: "rows of what is forgotten, of the most that its retention allows: a sweep looks four times a second",
  },
  drainSecondsMax: { value: 60, why: "after the load until nothing is left to be done" },
} as const;

export type SoakLimit = keyof typeof SOAK_LIMITS;

/** After the warm-up. In less, a slope says more about what is still warming up and about the machine's other work. */
export const SLOPE_MINUTES_MIN = 20;
