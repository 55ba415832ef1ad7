import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CAPACITY_WORD, HEADER_BYTES, STATIC_CHECKSUM_WORD, VERSION_WORD } from "./layout.ts";
import { RingConsumer } from "./ring-consumer.ts";
import { attachRingFile, createOrOpenRingFile, openRingFileForTakeover, type RingFile } from "./ring-file.ts";
import { RingProducer } from "./ring-producer.ts";
import { RING_REFUSALS, type RingRefusalCode } from "./ring-refusal.ts";

const CAPACITY_BYTES = 8192;
const OPENER = new URL("./fixtures/ring-opener.ts", import.meta.url).pathname;

let directory = "";
let path = "";
let rings: RingFile[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "catraca-ring-file-"));
  path = join(directory, "replica-1.ring");
  rings = [];
});

afterEach(() => {
  for (const ring of rings) ring.close();
  rmSync(directory, { recursive: true });
});

/** Opens a ring that must open, and closes it at the end of the test. */
function open(capacityBytes = CAPACITY_BYTES): RingFile {
  const result = createOrOpenRingFile(path, capacityBytes);
  if (result.kind === "refused") throw new Error(result.message);
  rings.push(result.ring);
  return result.ring;
}

function close(ring: RingFile): void {
  rings = rings.filter((each) => each !== ring);
  ring.close();
}

/** Opening, attaching and taking over must all refuse with `code`, and say which file and what to do. */
function expectRefused(code: RingRefusalCode, problem: string): void {
  const results = [
    createOrOpenRingFile(path, CAPACITY_BYTES),
    openRingFileForTakeover(path),
    attachRingFile(path),
  ];
  for (const result of results) {
    if (result.kind !== "refused") throw new Error(`expected ${code}`);
    expect(result.code).toBe(code);
    expect(result.message).toContain(path);
    expect(result.message).toContain(problem);
    expect(result.message).toContain(RING_REFUSALS[code]);
  }
}

function overwrite(at: number, bytes: Uint8Array): void {
  const content = readFileSync(path);
  content.set(bytes, at);
  writeFileSync(path, content);
}

describe("a new ring file", () => {
  test("is complete: full size, no holes, readable by its owner only, nothing left beside it but the lock", () => {
    open();
    const stats = statSync(path);
    expect(stats.size).toBe(HEADER_BYTES + CAPACITY_BYTES);
    expect(stats.blocks * 512).toBeGreaterThanOrEqual(stats.size);
    expect(stats.mode & 0o777).toBe(0o600);
    expect(readdirSync(directory).sort()).toEqual(["replica-1.ring", "replica-1.ring.lock"]);
  });

  test("takes the place of one whose making was interrupted", () => {
    writeFileSync(`${path}.new`, new Uint8Array(100));
    expect(open().memory.capacityBytes).toBe(CAPACITY_BYTES);
    expect(existsSync(`${path}.new`)).toBe(false);
  });

  test("keeps its frames, generation and positions over closing and opening", () => {
    const first = open();
    new RingProducer(first.memory).write(3, Uint8Array.of(1, 2));
    expect(first.memory.loadOwnerPid()).toBe(process.pid);
    close(first);
    const second = open();
    expect(second.memory.generation).toBe(first.memory.generation);
    const consumer = new RingConsumer(second.memory);
    expect([consumer.next(), consumer.kind, consumer.length]).toEqual([true, 3, 2]);
  });

  test("is seen by another mapping of the same file, as in another thread", () => {
    const ring = open();
    const attached = attachRingFile(path);
    if (attached.kind === "refused") throw new Error(attached.message);
    const consumer = new RingConsumer(attached.memory);
    new RingProducer(ring.memory).write(4, Uint8Array.of(1));
    expect([consumer.next(), consumer.kind]).toEqual([true, 4]);
    consumer.release();
    expect(ring.memory.loadTail()).toBe(2);
  });
});

describe("another capacity", () => {
  test("is taken up by an empty ring, as a new generation", () => {
    const first = open();
    close(first);
    const second = open(2 * CAPACITY_BYTES);
    expect(second.memory.capacityBytes).toBe(2 * CAPACITY_BYTES);
    expect(second.memory.generation).not.toBe(first.memory.generation);
  });

  test("waits until the frames in the ring are taken in", () => {
    const first = open();
    new RingProducer(first.memory).write(3, Uint8Array.of(1));
    close(first);
    const second = open(2 * CAPACITY_BYTES);
    expect(second.memory.capacityBytes).toBe(CAPACITY_BYTES);
    const consumer = new RingConsumer(second.memory);
    expect(consumer.next()).toBe(true);
    consumer.release();
    close(second);
    expect(open(2 * CAPACITY_BYTES).memory.capacityBytes).toBe(2 * CAPACITY_BYTES);
  });

  test("that no ring can have is the caller's mistake", () => {
    expect(() => createOrOpenRingFile(path, 1000)).toThrow(RangeError);
    expect(readdirSync(directory)).toEqual([]);
  });
});

describe("a file is refused", () => {
  test("as foreign, if it is something else", () => {
    for (const content of ["", "SQLite format 3\0", "x".repeat(20_000)]) {
      writeFileSync(path, content);
      expectRefused("RING_FOREIGN", "mark of a ring");
      expect(readFileSync(path, "latin1")).toBe(content);
    }
  });

  test("by its version, before anything that another version may have moved", () => {
    close(open());
    overwrite(VERSION_WORD * 4, Uint8Array.of(2));
    overwrite(STATIC_CHECKSUM_WORD * 4, Uint8Array.of(1, 2, 3, 4));
    expectRefused("RING_VERSION", "its format is 2, this program reads 1");
  });

  test("as damaged, for any wrong bit of the static header", () => {
    close(open());
    const intact = readFileSync(path);
    for (let at = CAPACITY_WORD * 4; at < (STATIC_CHECKSUM_WORD + 1) * 4; at++) {
      overwrite(at, Uint8Array.of((intact[at] ?? 0) ^ (1 << (at % 8))));
      expectRefused("RING_DAMAGED", "checksum of its header");
      writeFileSync(path, intact);
    }
  });

  test("as damaged, if its size is not that of its header: reading behind its end would be a signal", () => {
    close(open());
    truncateSync(path, 8192);
    expectRefused("RING_DAMAGED", "8192 bytes where its header asks for 12288");
    truncateSync(path, 16_384);
    expectRefused("RING_DAMAGED", "16384 bytes where its header asks for 12288");
  });

  test("as missing, if there is none to take over; none is made", () => {
    for (const result of [openRingFileForTakeover(path), attachRingFile(path)]) {
      if (result.kind !== "refused") throw new Error("expected a refusal");
      expect(result.code).toBe("RING_MISSING");
    }
    expect(readdirSync(directory)).toEqual([]);
  });

  test("as inaccessible, if its directory does not exist or its lock is no lock", () => {
    const nowhere = createOrOpenRingFile(join(directory, "nowhere", "a.ring"), CAPACITY_BYTES);
    expect(nowhere.kind === "refused" ? nowhere.code : "").toBe("RING_INACCESSIBLE");
    writeFileSync(`${path}.lock`, "x".repeat(1024));
    const locked = createOrOpenRingFile(path, CAPACITY_BYTES);
    expect(locked.kind === "refused" ? locked.code : "").toBe("RING_INACCESSIBLE");
  });

  test("a refused file can be opened once it is in order: the lock was given back", () => {
    close(open());
    const intact = readFileSync(path);
    overwrite(CAPACITY_WORD * 4, Uint8Array.of(1));
    expectRefused("RING_DAMAGED", "checksum");
    writeFileSync(path, intact);
    open();
  });
});

describe("one owner", () => {
  function spawnOpener(hold: boolean) {
    const parameters = ["bun", OPENER, path, String(CAPACITY_BYTES), ...(hold ? ["hold"] : [])];
    return Bun.spawn(parameters, { stdout: "pipe", stderr: "inherit" });
  }

  async function readLine(stream: ReadableStream<Uint8Array>): Promise<unknown> {
    for await (const chunk of stream) return JSON.parse(Buffer.from(chunk).toString());
    throw new Error("the process printed nothing");
  }

  test("a second process is refused, and told which process has it", async () => {
    open();
    const second = spawnOpener(false);
    expect(await readLine(second.stdout)).toMatchObject({ kind: "refused", code: "RING_OWNED" });
    await second.exited;
    const inThisProcess = createOrOpenRingFile(path, CAPACITY_BYTES);
    if (inThisProcess.kind !== "refused") throw new Error("two owners");
    expect(inThisProcess.message).toContain(`in use by process ${process.pid}`);
  });

  test("a ring can be taken over when its owner was killed, not before", async () => {
    const owner = spawnOpener(true);
    try {
      expect(await readLine(owner.stdout)).toMatchObject({ kind: "opened", pid: owner.pid });
      const early = openRingFileForTakeover(path);
      if (early.kind !== "refused") throw new Error("taken over from the living");
      expect([early.code, early.message]).toEqual(["RING_OWNED", expect.stringContaining(`${owner.pid}`)]);
    } finally {
      owner.kill("SIGKILL");
    }
    await owner.exited;
    const result = openRingFileForTakeover(path);
    if (result.kind === "refused") throw new Error(result.message);
    rings.push(result.ring);
    expect(result.ring.memory.loadOwnerPid()).toBe(process.pid);
    // The replica that comes back meanwhile waits its turn.
    const returning = spawnOpener(false);
    expect(await readLine(returning.stdout)).toMatchObject({ code: "RING_OWNED" });
    await returning.exited;
  });

  test("the lock outlives garbage collection", async () => {
    open();
    rings = [];
    Bun.gc(true);
    await Bun.sleep(10);
    Bun.gc(true);
    const again = createOrOpenRingFile(path, CAPACITY_BYTES);
    expect(again.kind === "refused" ? again.code : "").toBe("RING_OWNED");
  });
});

describe("a full disk", () => {
  /** A file system of 256 KiB, in a mount namespace of its own that ends with the command. */
  function onSmallDisk(command: string): Bun.SyncSubprocess<"pipe", "pipe"> {
    const script = `mount -t tmpfs -o size=256k none "$1" && ${command}`;
    return Bun.spawnSync(["unshare", "-rm", "sh", "-c", script, "sh", directory, OPENER]);
  }
  const isPossible = Bun.which("unshare") !== null && Bun.spawnSync(["unshare", "-rm", "true"]).success;
  if (!isPossible) console.log("NOT TESTED: a ring on a full disk, because this user may not mount a tmpfs");

  test.skipIf(!isPossible)("is found when the ring is made, and leaves nothing behind", () => {
    const result = onSmallDisk('bun "$2" "$1/a.ring" 1048576 && ls "$1"');
    const [answer = "", ...files] = result.stdout.toString().trim().split("\n");
    expect(JSON.parse(answer)).toMatchObject({ kind: "refused", code: "RING_NO_SPACE" });
    expect(files).toEqual(["a.ring.lock"]);
    const smaller = onSmallDisk('bun "$2" "$1/a.ring" 131072');
    expect(JSON.parse(smaller.stdout.toString())).toMatchObject({ kind: "opened" });
  });
});
