import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compareNumberedFrame } from "./fixtures/numbered-frame.ts";
import { drawSeed, randomBelow } from "./fixtures/random.ts";
import { resumeRing } from "./resume-ring.ts";
import { RingConsumer } from "./ring-consumer.ts";
import { attachRingFile, createOrOpenRingFile } from "./ring-file.ts";
import type { RingMemory } from "./ring-memory.ts";

const CYCLES = 12;
const CAPACITY_BYTES = 65_536;
const LENGTH_MAX = 4096;

const VICTIM = new URL("./fixtures/kill-victim.ts", import.meta.url).pathname;
const seed = drawSeed("ring-kill");
const directory = mkdtempSync(join(tmpdir(), "catraca-ring-kill-"));
const path = join(directory, "victim.ring");
afterAll(() => rmSync(directory, { recursive: true }));

/** What a database would hold: written before the tail, and known after every kill. */
const database = { generation: "", position: 0, nextNumber: 0, commits: 0 };

/** Takes in everything published, like a store thread: compare, commit, release. */
function takeIn(consumer: RingConsumer): void {
  while (consumer.next()) {
    const difference = compareNumberedFrame(consumer, seed, database.nextNumber, LENGTH_MAX);
    if (difference !== null) throw new Error(difference);
    database.nextNumber++;
  }
  database.position = consumer.cursor;
  // Sometimes the store dies between its commit and the release.
  if (randomBelow(3, seed, database.commits++) > 0) consumer.release();
}

function consumerOf(memory: RingMemory): RingConsumer {
  const point = resumeRing(memory, database);
  expect(point.kind).toBe(database.generation === "" ? "unknown" : "continued");
  database.generation = memory.generation;
  const consumer = new RingConsumer(memory);
  consumer.seek(point.position);
  return consumer;
}

/**
 * Lets the victim write while this process reads, kills it a random time after its first word, sometimes
 * while it still starts. Returns the last number that it acknowledged, -1 if none.
 */
async function runVictim(cycle: number): Promise<number> {
  const parameters = [path, CAPACITY_BYTES, seed, database.nextNumber, LENGTH_MAX].map(String);
  const victim = Bun.spawn(["bun", VICTIM, ...parameters], { stdout: "pipe", stderr: "inherit" });
  let output = "";
  const reading = (async () => {
    for await (const chunk of victim.stdout) output += Buffer.from(chunk).toString();
  })();
  try {
    const isKilledEarly = cycle % 4 === 3;
    let killAtMs = performance.now() + (isKilledEarly ? randomBelow(60, seed, cycle) : 10_000);
    let consumer: RingConsumer | undefined;
    let hasSpoken = isKilledEarly;
    while (performance.now() < killAtMs) {
      await Bun.sleep(1);
      if (!hasSpoken && output !== "") {
        hasSpoken = true;
        killAtMs = performance.now() + randomBelow(200, seed, cycle);
      }
      const attached = consumer === undefined ? attachRingFile(path) : undefined;
      if (attached?.kind === "attached") consumer = consumerOf(attached.memory);
      // In every other cycle the ring is left to run full.
      if (consumer !== undefined && cycle % 2 === 0) takeIn(consumer);
    }
    expect(hasSpoken).toBe(true);
  } finally {
    victim.kill("SIGKILL");
    await Promise.all([victim.exited, reading]);
  }
  // The kill may have cut the last line.
  return Number(output.split("\n").at(-2) ?? -1);
}

test("what was acknowledged before kill -9 is there, in order and intact, cycle after cycle", async () => {
  for (let cycle = 0; cycle < CYCLES; cycle++) {
    const acknowledged = await runVictim(cycle);
    const opened = createOrOpenRingFile(path, CAPACITY_BYTES);
    if (opened.kind === "refused") throw new Error(opened.message);
    takeIn(consumerOf(opened.ring.memory));
    expect(database.nextNumber).toBeGreaterThan(acknowledged);
    opened.ring.close();
  }
  console.log(`${database.nextNumber} frames over ${CYCLES} kills`);
}, 60_000);
