import { closeSync, fstatSync, openSync, readSync, renameSync, rmSync, writeSync } from "node:fs";
import { FILTER_HEADER_BYTES, isFilterFor, PresenceFilter, writeFilterHeader } from "./presence-filter.ts";

export interface FilterWishes {
  /** What the filter is about, 32 bytes: one with another key is as good as none. */
  readonly key: Uint8Array;
  /** Of the blocks of a new one: a power of two. */
  readonly sizeBytes: number;
  /** Whether nothing is stored yet, for a new one. */
  readonly isComplete: boolean;
}

/** Maps the filter at `path`; null if there is none with this key. @throws the system's error */
export function attachFilterFile(path: string, key: Uint8Array): PresenceFilter | null {
  const header = new Int32Array(FILTER_HEADER_BYTES / 4);
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
  try {
    readSync(file, header, 0, FILTER_HEADER_BYTES, 0);
    if (!isFilterFor(header, fstatSync(file).size, key)) return null;
  } finally {
    closeSync(file);
  }
  const { buffer, byteOffset, byteLength } = Bun.mmap(path, { shared: true });
  return new PresenceFilter(new Int32Array(buffer, byteOffset, byteLength / 4));
}

/**
 * Makes an empty filter at `path` in the place of what is there. Whoever has mapped that goes on with a file that
 * nobody else sees: only for when nobody has. Every block is written, so that no later bit can find the disk full.
 *
 * @throws the system's error, ENOSPC if the disk is full; no part of the file is left then
 */
export function makeFilterFile(path: string, { key, sizeBytes, isComplete }: FilterWishes): void {
  const words = new Int32Array((FILTER_HEADER_BYTES + sizeBytes) / 4);
  writeFilterHeader(words, key, isComplete);
  const temporaryPath = `${path}.new`;
  try {
    const file = openSync(temporaryPath, "w", 0o600);
    try {
      for (let offset = 0; offset < words.byteLength; ) {
        offset += writeSync(file, words, offset, words.byteLength - offset, offset);
      }
    } finally {
      closeSync(file);
    }
    renameSync(temporaryPath, path);
  } catch (error) {
    rmSync(temporaryPath, { force: true });
    throw error;
  }
}
