/** The two shapes of a log line: JSON for machines, one aligned and coloured line for a terminal. */
import { redact } from "./redact.ts";
import { LINE_BYTES_MAX } from "./sink.ts";

export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface LogRecord {
  readonly timeMs: number;
  readonly level: LogLevel;
  readonly message: string;
  readonly thread: string;
  readonly replica: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

const MESSAGE_CHARACTERS_MAX = 500;

/** `{"time":…,"level":…,"message":…,"thread":…,"replica":…,…fields}` and a line end. */
export function formatJson(record: LogRecord, withStack: boolean): string {
  const head = {
    time: new Date(record.timeMs).toISOString(),
    level: record.level,
    message: record.message,
    thread: record.thread,
    replica: record.replica,
  };
  // Spread before and after: the head's names come first, and a field of such a name cannot replace them.
  const full = (stack: boolean) => ({ ...head, ...safeFields(record, stack), ...head });
  const message = record.message.slice(0, MESSAGE_CHARACTERS_MAX);
  const short = () => ({ ...head, ...shortFields(record), ...head, message, truncated: true });
  const bare = () => ({ ...head, message: message.slice(0, 100), truncated: true });
  return lineOf(full(withStack)) ?? lineOf(full(false)) ?? lineOf(short()) ?? `${JSON.stringify(bare())}\n`;
}

/** The line, or undefined when it is too long for one write. */
function lineOf(record: object): string | undefined {
  const line = `${JSON.stringify(record)}\n`;
  return Buffer.byteLength(line) <= LINE_BYTES_MAX ? line : undefined;
}

const COLOURS: Readonly<Record<LogLevel, string>> = {
  debug: "\x1b[90m",
  info: "\x1b[32m",
  warn: "\x1b[33m",
  error: "\x1b[31m",
};
const DIM = "\x1b[2m";
const PLAIN = "\x1b[0m";

/** `12:34:56.789 WARN  store     message  key=value`: local to the reader, so UTC time without the date. */
export function formatTerminal(record: LogRecord, withStack: boolean, coloured: boolean): string {
  const paint = (colour: string, text: string) => (coloured ? `${colour}${text}${PLAIN}` : text);
  const time = new Date(record.timeMs).toISOString().slice(11, 23);
  const level = record.level.toUpperCase().padEnd(5);
  const fields = Object.entries(safeFields(record, withStack)).map(([name, value]) => {
    const plain = typeof value === "string" && /^[\w.:/@+-]+$/.test(value);
    const text = plain ? value : (JSON.stringify(value) ?? "undefined");
    return `${paint(DIM, `${name}=`)}${text}`;
  });
  const columns = [
    paint(DIM, time),
    paint(COLOURS[record.level], level),
    record.thread.padEnd(10),
    singleLine(record.message),
  ];
  return `${[columns.join(" "), ...fields].join("  ")}\n`;
}

/** A message may carry a piece of a request: it must not be able to move the reader's cursor or fake a line. */
function singleLine(message: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  return message.replace(/[\x00-\x1f\x7f-\x9f]+/g, " ");
}

function safeFields(record: LogRecord, withStack: boolean): Record<string, unknown> {
  // redact() of a plain object is a plain object.
  return redact(record.fields, withStack) as Record<string, unknown>;
}

/** Only what is short and identifies: numbers, booleans, and texts such as a request's id. */
function shortFields(record: LogRecord): Record<string, unknown> {
  const short = Object.entries(safeFields(record, false)).filter(
    ([, value]) =>
      typeof value === "number" ||
      typeof value === "boolean" ||
      (typeof value === "string" && value.length <= 64),
  );
  return Object.fromEntries(short.slice(0, 16));
}
