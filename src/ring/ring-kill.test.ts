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

const CYCLES = 8;
const CAPACITY_BYTES = 65_536;
const LENGTH_MAX = 4096;

const VICTIM = new URL("./fixtures/kill-victim.ts", import.meta.url).pathname;
const seed = drawSeed("ring-kill");
const directory = mkdtempSync(join(tmpdir(), "catraca-ring-kill-"));
const path = join(directory, "victim.ring");
afterAll(() => rmSync(directory, { recursive: true }));

/** What a database would hold: written before the tail, and known after every kill. */
const database = { generation: "", position: 0, nextNumber: 0 };

/** Takes in everything published, like a store thread: compare, commit, release. */
function takeIn(consumer: RingConsumer): void {
  while (consumer.next()) {
    const difference = compareNumberedFrame(consumer, seed, database.nextNumber, LENGTH_MAX);
    if (difference !== null) throw new Error(difference);
    database.nextNumber++;
  }
  database.position = consumer.cursor;
  // Sometimes the store dies between its commit and the release.
  if (randomBelow(3, seed, database.nextNumber) > 0) consumer.release();
}

function consumerOf(memory: RingMemory): RingConsumer {
  const point = resumeRing(memory, database);
  expect(point.kind).toBe(database.generation === "" ? "unknown" : "continued");
  database.generation = memory.generation;
  const consumer = new RingConsumer(memory);
  consumer.seek(point.position);
  return consumer;
}

/** Lets the victim write for a random time while this process reads, kills it, returns its last word. */
async function runVictim(cycle: number): Promise<number> {
  const parameters = [path, CAPACITY_BYTES, seed, database.nextNumber, LENGTH_MAX].map(String);
  const victim = Bun.spawn(["bun", VICTIM, ...parameters], { stdout: "pipe", stderr: "inherit" });
  const output = new Response(victim.stdout).text();
  try {
    const killAtMs = performance.now() + 80 + randomBelow(200, seed, cycle);
    let consumer: RingConsumer | undefined;
    while (performance.now() < killAtMs) {
      await Bun.sleep(1);
      const attached = consumer === undefined ? attachRingFile(path) : undefined;
      if (attached?.kind === "attached") consumer = consumerOf(attached.memory);
      // In every other cycle the ring is left to run full.
      if (consumer !== undefined && cycle % 2 === 0) takeIn(consumer);
    }
  } finally {
    victim.kill("SIGKILL");
    await victim.exited;
  }
  // The kill may have cut the last line.
  const lines = (await output).split("\n").slice(0, -1);
  return Number(lines.at(-1) ?? database.nextNumber - 1);
}

test("what was acknowledged before kill -9 is there, in order and intact, cycle after cycle", async () => {
  let acknowledgedTotal = 0;
  for (let cycle = 0; cycle < CYCLES; cycle++) {
    const before = database.nextNumber;
    const acknowledged = await runVictim(cycle);
    const opened = createOrOpenRingFile(path, CAPACITY_BYTES);
    if (opened.kind === "refused") throw new Error(opened.message);
    takeIn(consumerOf(opened.ring.memory));
    expect(database.nextNumber).toBeGreaterThan(acknowledged);
    opened.ring.close();
    acknowledgedTotal += acknowledged + 1 - before;
  }
  // The test would prove nothing if the victims had been killed before they wrote.
  expect(acknowledgedTotal).toBeGreaterThan(CYCLES * 100);
}, 60_000);
