import type { Logger } from "../../../src/log/logger.ts";
import type { Trace } from "./trace.ts";
import { Killed } from "./virtual-world.ts";

/** A run's directory has another name each time: in its trace it would make it another run. */
export function withoutDirectory(text: string): string {
  return text.replaceAll(DIRECTORY, "");
}

const DIRECTORY = /\S*\/catraca-simulation-\w+\//g;
/** Said of a command that the simulation itself wrote to be poisonous. */
const EXPECTED = /simulation\.poison/;

/** A log that goes into the trace. A line that calls itself a defect is one, unless it is about the poison. */
export function quietLog(
  replica: string,
  thread: string,
  trace: Trace,
  nowMs: () => number,
  onDefect: (message: string) => void,
): Logger {
  const write = (level: string) => (message: string, fields?: Readonly<Record<string, unknown>>) => {
    const error = fields?.["error"];
    const reason = error instanceof Error ? `: ${error.message}` : "";
    trace.note(nowMs(), `${replica}.${thread}`, withoutDirectory(`${level}: ${message}${reason}`));
    // What a killed replica would say while its step unwinds, nobody hears.
    const isExpected = error instanceof Killed || EXPECTED.test(reason);
    if (level === "error" && message.includes("defect") && !isExpected) onDefect(message + reason);
  };
  const log: Logger = {
    level: "info",
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
    child: () => log,
  };
  return log;
}
