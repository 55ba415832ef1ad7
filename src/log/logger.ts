/**
 * The log: one line per event, JSON unless standard output is a terminal.
 *
 *   const log = createLogger({ level: "info", thread: "main", replica: "r1" });
 *   log.child({ requestId }).warn("processor is slow", { processor: "default", durationMs: 900, error });
 *
 * It never throws: a log line must not be able to fail a payment.
 */
import { isatty } from "node:tty";
import { formatJson, formatTerminal, LOG_LEVELS, type LogLevel } from "./format.ts";
import { openSink } from "./sink.ts";

export type { LogLevel } from "./format.ts";

export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  readonly level: LogLevel;
  readonly debug: (message: string, fields?: LogFields) => void;
  readonly info: (message: string, fields?: LogFields) => void;
  readonly warn: (message: string, fields?: LogFields) => void;
  readonly error: (message: string, fields?: LogFields) => void;
  /** A logger that adds these fields to every line. */
  readonly child: (fields: LogFields) => Logger;
}

export interface LoggerOptions {
  readonly level: LogLevel;
  /** "main", "store", "dispatch": who writes. */
  readonly thread: string;
  readonly replica: string;
  /** Defaults to standard output. */
  readonly write?: (line: string) => void;
  /** Defaults to what standard output is. */
  readonly terminal?: boolean;
  readonly coloured?: boolean;
  readonly now?: () => number;
}

/** A logger for this thread. */
export function createLogger(options: LoggerOptions): Logger {
  const terminal = options.terminal ?? isatty(1);
  const { NO_COLOR } = process.env;
  const coloured = options.coloured ?? (terminal && !NO_COLOR);
  const now = options.now ?? Date.now;
  const { level, thread, replica } = options;
  const withStack = level === "debug";

  const format = (lineLevel: LogLevel, message: string, fields: LogFields): string => {
    const record = { timeMs: now(), level: lineLevel, message, thread, replica, fields };
    return terminal ? formatTerminal(record, withStack, coloured) : formatJson(record, withStack);
  };
  const write =
    options.write ??
    openSink((count) => format("warn", "log lines dropped: nobody read them", { count })).write;

  return createChild({}, level, (lineLevel, message, fields) => {
    try {
      write(format(lineLevel, message, fields));
    } catch {
      // A field whose getter throws, or a write that fails for good: the event is told without them, if at all.
      tryWrite(write, () => format(lineLevel, message, { fields: "unprintable" }));
    }
  });
}

type Emit = (level: LogLevel, message: string, fields: LogFields) => void;

function createChild(base: LogFields, level: LogLevel, emit: Emit): Logger {
  const least = LOG_LEVELS.indexOf(level);
  const at = (lineLevel: LogLevel) => {
    if (LOG_LEVELS.indexOf(lineLevel) < least) return () => {};
    return (message: string, fields?: LogFields) => emit(lineLevel, message, { ...base, ...fields });
  };
  return {
    level,
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    child: (fields) => createChild({ ...base, ...fields }, level, emit),
  };
}

function tryWrite(write: (line: string) => void, format: () => string): void {
  try {
    write(format());
  } catch {
    // Nothing is left that could be told to anybody.
  }
}
