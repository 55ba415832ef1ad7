import { closeSync, existsSync, fstatSync, openSync, readSync } from "node:fs";
import { HEADER_BYTES, OWNER_PID_WORD } from "./layout.ts";
import { makeRingFile } from "./new-ring-file.ts";
import { assertCapacity, inspectHeader } from "./ring-header.ts";
import { acquireRingLock, type RingLock } from "./ring-lock.ts";
import { RingMemory } from "./ring-memory.ts";
import { type RingRefusal, refuseRing } from "./ring-refusal.ts";

/** A ring file that this process owns until it closes it or dies. */
export class RingFile {
  readonly path: string;
  readonly memory: RingMemory;
  readonly #lock: RingLock;

  constructor(path: string, memory: RingMemory, lock: RingLock) {
    this.path = path;
    this.memory = memory;
    this.#lock = lock;
    memory.storeOwnerPid(process.pid);
  }

  /**
   * Lets another process own the file. What is in the ring stays there. Nothing may use the memory
   * afterwards; it is unmapped when the last reference to it is gone.
   */
  close(): void {
    this.memory.storeOwnerPid(0);
    this.#lock.release();
  }
}

export type RingFileResult = { readonly kind: "opened"; readonly ring: RingFile } | RingRefusal;

/**
 * Opens this replica's own ring file, or makes it. All blocks of a new file are written before it appears
 * under its name, so a full disk is found here and not by a signal in the middle of a request.
 *
 * A file whose capacity is not the wanted one is made anew if it is empty, otherwise used as it is: look at
 * `ring.memory.capacityBytes`.
 *
 * @throws RangeError if the capacity is not a power of two from 64 to 2^30
 */
export function createOrOpenRingFile(path: string, capacityBytes: number): RingFileResult {
  assertCapacity(capacityBytes);
  return openLocked(path, () => {
    if (!existsSync(path)) makeRingFile(path, capacityBytes);
    const attached = mapFile(path);
    if (attached.kind === "refused") return attached;
    const { memory } = attached;
    const isEmpty = memory.loadHead() === memory.loadTail();
    if (memory.capacityBytes === capacityBytes || !isEmpty) return attached;
    makeRingFile(path, capacityBytes);
    return mapFile(path);
  });
}

/**
 * Opens the ring file of a replica that is dead, to take in what it left. Refused with RING_OWNED while that
 * replica lives; while this process holds it, that replica is refused in turn.
 */
export function openRingFileForTakeover(path: string): RingFileResult {
  if (!existsSync(path)) return refuseRing("RING_MISSING", path, "it does not exist");
  return openLocked(path, () => mapFile(path));
}

export type AttachResult = { readonly kind: "attached"; readonly memory: RingMemory } | RingRefusal;

/**
 * Maps a ring file without owning it: in another thread of the owner (threads cannot share a mapping, so each
 * makes its own of the same pages), or in another process that only reads it.
 */
export function attachRingFile(path: string): AttachResult {
  try {
    return mapFile(path);
  } catch (error) {
    const refusal = refusalOf(error, path);
    if (refusal === undefined) throw error;
    return refusal;
  }
}

/** Runs `open` under the lock of `path`; gives the lock back unless that opened the ring. */
function openLocked(path: string, open: () => AttachResult): RingFileResult {
  const locking = acquireRingLock(path);
  if (locking.kind === "failed") return refuseRing("RING_INACCESSIBLE", path, locking.reason);
  if (locking.kind === "busy") {
    return refuseRing("RING_OWNED", path, `it is in use by ${describeOwner(path)}`);
  }
  let result: RingFileResult | undefined;
  try {
    const attached = open();
    result =
      attached.kind === "attached"
        ? { kind: "opened", ring: new RingFile(path, attached.memory, locking.lock) }
        : attached;
  } catch (error) {
    result = refusalOf(error, path);
    if (result === undefined) throw error;
  } finally {
    if (result?.kind !== "opened") locking.lock.release();
  }
  return result;
}

/** Verifies the file by ordinary reads, and only then maps it: a map that is too short ends in a signal. */
function mapFile(path: string): AttachResult {
  const { words, sizeBytes } = readHeader(path);
  const header = inspectHeader(words, sizeBytes);
  switch (header.kind) {
    case "foreign":
      return refuseRing("RING_FOREIGN", path, header.reason);
    case "version":
      return refuseRing("RING_VERSION", path, header.reason);
    case "damaged":
      return refuseRing("RING_DAMAGED", path, header.reason);
    case "valid":
      return { kind: "attached", memory: new RingMemory(Bun.mmap(path, { shared: true })) };
  }
}

function readHeader(path: string): { words: Int32Array; sizeBytes: number } {
  const words = new Int32Array(HEADER_BYTES / 4);
  const file = openSync(path, "r");
  try {
    readSync(file, words, 0, HEADER_BYTES, 0);
    return { words, sizeBytes: fstatSync(file).size };
  } finally {
    closeSync(file);
  }
}

function describeOwner(path: string): string {
  try {
    const pid = readHeader(path).words[OWNER_PID_WORD] ?? 0;
    if (pid > 0) return `process ${pid} (as counted in its own container)`;
  } catch {
    // The owner may be about to make the file; that it is owned is certain without it.
  }
  return "another process";
}

/** A system error is a refusal, everything else a bug of ours. */
function refusalOf(error: unknown, path: string): RingRefusal | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  if (error.code === "ENOENT") return refuseRing("RING_MISSING", path, "it does not exist");
  if (error.code === "ENOSPC" || error.code === "EDQUOT") {
    return refuseRing("RING_NO_SPACE", path, "the disk is full");
  }
  return refuseRing("RING_INACCESSIBLE", path, error.message);
}
