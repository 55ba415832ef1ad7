/**
 * Every bound of the engine in one place, each with its reason. A bound is not a setting: an operator
 * has no better knowledge to choose it by. docs/limits.md is generated from this table.
 */
export const LIMITS = {
  intakeRingBytes: {
    value: 1024 * 1024,
    why: "about 18,000 payments: most of a second of the highest accept rate while the disk stalls",
  },
  taskRingBytes: {
    value: 1024 * 1024,
    why: "holds every task that may be handed to one dispatch thread, so handing over never blocks",
  },
  outcomeRingBytes: {
    value: 256 * 1024,
    why: "several times the calls in flight; a full ring stops new calls, not the store thread",
  },
  replyRingBytes: { value: 1024 * 1024, why: "answers to the commands that wait for their commit" },
  commandBytesMax: {
    value: 128 * 1024,
    why: "a request body is at most 64 KiB and JSON escaping may double it",
  },
  commandsWaitingMax: {
    value: 1024,
    why: "requests that wait for a commit, about 8 KB each, so that a replica of 80 MB lives; beyond it main answers 503",
  },
  batchFramesMax: {
    value: 512,
    why: "bounds how long one transaction holds the write lock (about 10 ms)",
  },
  tasksInDispatchMax: {
    value: 4096,
    why: "tasks in the memory of one dispatch thread (about 2 MB); the rest waits in the database",
  },
  otherTasksInDispatchMax: {
    value: 256,
    why: "tasks of any other kind in dispatch, per kind: their frames are JSON of up to a KiB",
  },
  leaseBatchMax: { value: 256, why: "tasks leased in one transaction: about 2 ms of the write lock" },
  callsInFlightMax: {
    value: 256,
    why: "calls in flight per processor and replica: three replicas stay under the processor's 800",
  },
  historyEventsMax: {
    value: 100,
    why: "noted attempts per payment or order, 60 to 300 bytes each (with up to 200 characters of the answer); later ones only count in `attempts`",
  },
  eventRingBytes: {
    value: 128 * 1024,
    why: "live events from the store thread to main; what finds no room is only counted",
  },
  eventsKept: {
    value: 500,
    why: "live events (about 150 KB) for clients that come back after a moment",
  },
  eventStreamsMax: { value: 64, why: "clients of the live events: each may have 256 KiB under way" },
  longPollsMax: {
    value: 4096,
    why: "clients that wait for a result, about 8 KB each; beyond it main answers 503",
  },
  bodyBytesMax: {
    value: 64 * 1024,
    why: "of a request's body: no call needs more than 1 KiB; beyond it main answers 413",
  },
  bodyBytesCut: {
    value: 256 * 1024,
    why: "a body of up to this is read to its end before it is answered 413; of one that is longer no more is taken, and its connection is closed with that answer",
  },
  bodyDepthMax: {
    value: 64,
    why: "levels of nesting in a body: reading 60 KiB of brackets takes 30 ms, when nobody else is served (422)",
  },
  headBytesMax: {
    value: 16 * 1024,
    why: "of a request's line and headers together; the runtime's own bound, answered 431",
  },
  requestSeconds: {
    value: 20,
    why: "for a request to arrive whole, byte by byte or not, and of idleness (in effect up to 4 s less): twice as long as an answer waits for its commit",
  },
  silenceSeconds: {
    value: 255,
    why: "of a connection on which an answer is awaited on purpose (a long poll, a simulated delay): the longest that Bun counts; it holds until the connection ends, so it must not be for ever",
  },
  requestWaitMsMax: {
    value: 100,
    why: "how long answering all that is ready may take, a pause of the CPU quota included; if it takes longer for half a second and 1,024 requests on end, a part of what would be stored is answered 503",
  },
  rateLimitClients: {
    value: 8192,
    why: "clients whose rate is remembered, twice as many for a while (2 MB); who did not come is forgotten first",
  },
  searchRowsMax: {
    value: 10_000,
    why: "rows of a section that one search looks at: about 10 ms of main's time",
  },
} as const satisfies Record<string, { readonly value: number; readonly why: string }>;
