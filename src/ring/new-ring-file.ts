import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { HEADER_BYTES } from "./layout.ts";
import { writeHeader } from "./ring-header.ts";

/** Written per system call while a file is made: few calls, little memory. */
const CHUNK_BYTES = 2 ** 20;

/**
 * Makes an empty ring file: under another name, then renamed, so that under its own name it is always
 * complete. All blocks are written, so that no later store into the mapping can find the disk full.
 *
 * @throws the system's error, ENOSPC if the disk is full; no part of the file is left then
 */
export function makeRingFile(path: string, capacityBytes: number): void {
  const temporaryPath = `${path}.new`;
  try {
    const file = openSync(temporaryPath, "w", 0o600);
    try {
      writeRing(file, capacityBytes);
    } finally {
      closeSync(file);
    }
    renameSync(temporaryPath, path);
  } catch (error) {
    rmSync(temporaryPath, { force: true });
    throw error;
  }
  syncDirectory(dirname(path));
}

/** Every block first, the header last, each made durable before the next step relies on it. */
function writeRing(file: number, capacityBytes: number): void {
  const zeros = new Uint8Array(Math.min(CHUNK_BYTES, HEADER_BYTES + capacityBytes));
  for (let offset = 0; offset < HEADER_BYTES + capacityBytes; ) {
    const bytes = Math.min(zeros.byteLength, HEADER_BYTES + capacityBytes - offset);
    offset += writeSync(file, zeros, 0, bytes, offset);
  }
  fsyncSync(file);
  const header = new Int32Array(HEADER_BYTES / 4);
  writeHeader(header, capacityBytes, true);
  writeSync(file, header, 0, HEADER_BYTES, 0);
  fsyncSync(file);
}

/** The name of a new file is durable only once its directory is. */
function syncDirectory(path: string): void {
  const directory = openSync(path, "r");
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
