import { acceptLatency, acceptRate } from "./accept.ts";
import { challenge } from "./challenge.ts";
import { cpu } from "./cpu.ts";
import { drain } from "./drain.ts";
import { executable } from "./executable.ts";
import type { Family } from "./family.ts";
import { growth } from "./growth.ts";
import { ledger } from "./ledger.ts";
import { limits } from "./limits.ts";
import { memory } from "./memory.ts";
import { reservations } from "./reservations.ts";
import { ring } from "./ring.ts";
import { start } from "./start.ts";
import { store } from "./store.ts";
import { summary } from "./summary.ts";
import { wallets } from "./wallets.ts";

/** All figures, in the order in which they are measured and shown. */
export const FAMILIES: readonly Family[] = [
  acceptRate,
  acceptLatency,
  cpu,
  wallets,
  reservations,
  start,
  drain,
  memory,
  executable,
  growth,
  limits,
  ring,
  store,
  summary,
  ledger,
  challenge,
];
