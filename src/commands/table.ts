/** The table of commands, in the order in which the help shows them. */
import { SECTIONS, type SectionTitle } from "../config/settings.ts";
import { SIMULATE_FLAGS } from "../simulator/simulate-flags.ts";
import type { Command } from "./command.ts";

// Object.keys() forgets literal names; these are the sections' own.
const ALL_SECTIONS = Object.keys(SECTIONS) as SectionTitle[];
const JSON_FLAG = { flag: "--json", takesValue: false, meaning: "Print JSON." };

export const COMMANDS: readonly Command[] = [
  {
    name: "serve",
    summary: "Run the gateway (the default command).",
    details: "Ends with 0 after SIGTERM or SIGINT; a second signal ends it at once.",
    operands: [],
    flags: [],
    sections: ALL_SECTIONS,
    readsEnvironment: true,
    load: () => import("./serve.ts"),
  },
  {
    name: "simulate",
    summary: "Run the built-in processors, gateways and bank on ports of their own.",
    operands: [],
    flags: SIMULATE_FLAGS,
    sections: ["Server", "Payments through the processor pair", "Users, deposits, withdrawals"],
    readsEnvironment: true,
    load: () => import("./simulate.ts"),
  },
  {
    name: "backup",
    summary: "Copy the database to a file, verified, while the gateway runs.",
    operands: ["file"],
    flags: [],
    sections: ["Storage and cluster"],
    readsEnvironment: true,
    load: () => import("./backup.ts"),
  },
  {
    name: "restore",
    summary: "Put a verified backup in the place of the database; the old one is kept.",
    operands: ["file"],
    flags: [],
    sections: ["Storage and cluster"],
    readsEnvironment: true,
    load: () => import("./restore.ts"),
  },
  {
    name: "audit",
    summary: "Compare database, Redis and processors; 1 if anything differs.",
    details:
      "Reads the database of a running or stopped gateway: the ledger, payments, tasks and rollups among themselves; the " +
      "counters in Redis if REDIS_URL is set; a sample of payments by their ids at both processors, half of it from those " +
      "that were called more than once; with the administrator's token also the processors' totals, up to the oldest " +
      "payment in flight. What differs from another system is looked at again after a pause. The page says what was " +
      "compared, and nothing else was. Ends with 0 if that agrees, 1 if anything differs, 2 if something could not be " +
      "compared (Redis or a processor is away, no database).",
    operands: [],
    flags: [
      {
        flag: "--processor-token",
        takesValue: true,
        meaning: "`X-Rinha-Token` of the processors: compare totals.",
      },
      {
        flag: "--sample",
        takesValue: true,
        meaning: "Payments to ask for at both processors; 0 for none. [500]",
      },
      { flag: "--all", takesValue: false, meaning: "Ask for every payment at both processors." },
      {
        flag: "--seed",
        takesValue: true,
        meaning: "Draw the same sample and windows as the audit that said so.",
      },
      JSON_FLAG,
    ],
    sections: ["Storage and cluster", "Payments through the processor pair"],
    readsEnvironment: true,
    load: () => import("./audit.ts"),
  },
  {
    name: "config",
    summary: "Print the settings in force and where each comes from; secrets are masked.",
    operands: [],
    flags: [JSON_FLAG],
    sections: ALL_SECTIONS,
    readsEnvironment: true,
    load: () => import("./config.ts"),
  },
  {
    name: "healthcheck",
    summary: "Ask the running server whether it is ready.",
    details:
      "Calls GET /health/ready at HOST and PORT, or at SOCKET, and waits at most 2 s. Ends with 0 or 1.",
    operands: [],
    flags: [],
    sections: ["Server"],
    readsEnvironment: true,
    load: () => import("./healthcheck.ts"),
  },
  {
    name: "version",
    summary: "Print the version.",
    operands: [],
    flags: [JSON_FLAG],
    sections: [],
    readsEnvironment: false,
    load: () => import("./version.ts"),
  },
  {
    name: "help",
    summary: "Print this text, or the help of one command.",
    operands: ["command?"],
    flags: [],
    sections: [],
    readsEnvironment: false,
    load: () => import("./help.ts"),
  },
];
