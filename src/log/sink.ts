/**
 * Writes log lines to standard output, from any thread.
 *
 * Each line is one write(2) made at once: nothing is buffered in the process, so nothing is lost when it ends
 * or is killed. A line is at most 4096 bytes (PIPE_BUF), which a pipe takes whole or not at all: lines of
 * several threads never mix.
 *
 * A reader of the pipe that hangs must not stop payments. Where standard output is a pipe it is therefore
 * opened once more in non-blocking mode (an open file description of our own, so other processes that share
 * the pipe notice nothing). While the pipe is full, lines wait in a bounded list; past its bound they are
 * dropped and counted, and the count is logged once the reader is back. Files, terminals and sockets are
 * written as they are.
 */
import { constants, fstatSync, openSync, writeSync } from "node:fs";

const STANDARD_OUTPUT = 1;
export const LINE_BYTES_MAX = 4096;
const WAITING_LINES_MAX = 1_000;
const RETRY_MS = 50;

export interface Sink {
  readonly write: (line: string) => void;
}

/** A sink to `path`, or to this process's standard output. `describeDropped` makes the line about lost lines. */
export function openSink(describeDropped: (count: number) => string, descriptor = openDescriptor()): Sink {
  const waiting: string[] = [];
  let dropped = 0;
  let retry: ReturnType<typeof setTimeout> | undefined;

  /** True when the line has left; also when it can never leave, because nobody can read it any more. */
  function writeNow(line: string): boolean {
    try {
      writeSync(descriptor, line);
      return true;
    } catch (error) {
      return !(error instanceof Error && "code" in error && error.code === "EAGAIN");
    }
  }

  function drain(): void {
    retry = undefined;
    while (waiting[0] !== undefined && writeNow(waiting[0])) waiting.shift();
    if (waiting.length === 0 && dropped > 0 && writeNow(describeDropped(dropped))) dropped = 0;
    if (waiting.length > 0 || dropped > 0) wait();
  }

  function wait(): void {
    retry ??= setTimeout(drain, RETRY_MS);
    // A log reader that hangs must not keep the process from ending either.
    retry.unref();
  }

  return {
    write(line) {
      if (waiting.length === 0 && dropped === 0 && writeNow(line)) return;
      if (waiting.length < WAITING_LINES_MAX) waiting.push(line);
      else dropped++;
      wait();
    },
  };
}

function openDescriptor(): number {
  try {
    if (!fstatSync(STANDARD_OUTPUT).isFIFO()) return STANDARD_OUTPUT;
    return openSync("/proc/self/fd/1", constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    // No /proc, or a pipe of another user: blocking writes are all there is.
    return STANDARD_OUTPUT;
  }
}
