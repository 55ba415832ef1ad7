/**
 * The store thread fed with frames of any content, between sound ones: what cannot be processed is set aside, its
 * neighbours are applied, once, and the books agree.
 */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger } from "../log/logger.ts";
import { auditLedger } from "../modules/ledger/audit.ts";
import { ACCEPT_PAYMENT_BYTES, encodeJson, FRAME_KINDS } from "../ring/frames.ts";
import { RingConsumer } from "../ring/ring-consumer.ts";
import { createOrOpenRingFile, type RingFile } from "../ring/ring-file.ts";
import { attachSharedRing } from "../ring/ring-memory.ts";
import { RingProducer } from "../ring/ring-producer.ts";
import { type OpenDatabase, openWriter } from "../store/database.ts";
import { settingsWith } from "../store/fixtures/store-harness.ts";
import { SeededRandom } from "../upstreams/fixtures/random.ts";
import { attachBells, createEngineMemory } from "./engine-memory.ts";
import { type OpenStore, openStore } from "./open-store.ts";

const { FUZZ_SECONDS = "1" } = process.env;
const FUZZ_MS = Number(FUZZ_SECONDS) * 1000;
const RING_BYTES = 256 * 1024;
/** Poison runs a batch frame by frame; far more turns than that means that it goes in circles. */
const TURNS_MAX = 20_000;
const NOW = 1_763_600_000_000;

let directory: string;
let ring: RingFile;
let database: OpenDatabase;
let store: OpenStore;
let intake: RingProducer;
let drain: () => void;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "catraca-store-fuzz-"));
  const intakePath = join(directory, "one.ring");
  const opened = createOrOpenRingFile(intakePath, RING_BYTES);
  if (opened.kind === "refused") throw new Error(opened.message);
  ring = opened.ring;
  const memory = createEngineMemory(1);
  const settings = settingsWith({ replicaId: "one", databaseFile: join(directory, "one.db") });
  database = openWriter(settings.databaseFile, "process");
  const log = createLogger({ level: "error", thread: "store", replica: "one", write: () => {} });
  store = openStore({ database, settings, memory, bells: attachBells(memory), intakePath, log });
  intake = new RingProducer(ring.memory);
  const read = [...memory.tasks, memory.replies].map((buffer) => new RingConsumer(attachSharedRing(buffer)));
  drain = () => {
    for (const consumer of read) {
      while (consumer.next()) {}
      consumer.release();
    }
  };
});
afterEach(() => {
  store.end();
  ring.close();
  rmSync(directory, { recursive: true });
});

/** Runs the thread until it has nothing left to do. */
function settle(): void {
  intake.publish();
  for (let turns = 0; store.thread.turn() !== "sleep"; turns++) {
    drain();
    if (turns > TURNS_MAX) throw new Error("the store thread goes in circles");
  }
}

function putPayment(number: number, amountCents = 1990, acceptedAtMs = NOW): void {
  const at = intake.begin(FRAME_KINDS.acceptPayment, ACCEPT_PAYMENT_BYTES);
  if (at < 0) throw new Error("the ring is full");
  intake.bytes.fill(0, at, at + ACCEPT_PAYMENT_BYTES);
  intake.view.setUint32(at + 12, number);
  intake.view.setFloat64(at + 16, amountCents, true);
  intake.view.setFloat64(at + 24, acceptedAtMs, true);
  intake.end();
}

function put(kind: number, payload: Uint8Array): void {
  if (!intake.write(kind, payload)) throw new Error("the ring is full");
}

const command = (name: unknown, input: unknown, replyId: unknown = 1) =>
  put(FRAME_KINDS.command, encodeJson({ name, replyId, input }));

function count(table: string): number {
  const row = database.sqlite.query<{ count: number }, []>(`SELECT count(*) AS count FROM ${table}`).get();
  return row?.count ?? 0;
}

test.each<readonly [name: string, payload: string]>([
  ["no JSON", "{"],
  ["nothing", ""],
  ["null", "null"],
  ["an array", "[]"],
  ["an unknown command", '{"name":"nobody.knows","replyId":1,"input":{}}'],
  ["a command without input", '{"name":"users.create","replyId":1}'],
])("a command frame that is %s is set aside; its neighbours are applied", (_, payload) => {
  putPayment(1);
  put(FRAME_KINDS.command, Buffer.from(payload));
  putPayment(2);
  settle();
  expect(count("payments")).toBe(2);
  putPayment(3);
  settle();
  expect(count("payments")).toBe(3);
});

const NAMES = [
  ...["users.create", "users.deposit", "users.withdraw", "wallets.create", "wallets.operate"],
  ...["orders.reserve", "orders.accept", "accountPayments.create", "payments.accept", "catalogue.fill"],
  ...["idempotency.run", "deadLetters.requeue", "deadLetters.delete", "deadLetters.startJob"],
  ...["deadLetters.cancelJob", "__proto__", "constructor", ""],
];
const FIELDS = [
  ...[
    "userId",
    "amountCents",
    "balanceCents",
    "id",
    "walletId",
    "accountId",
    "type",
    "key",
    "hash",
    "command",
  ],
  ...[
    "productId",
    "userKey",
    "quantity",
    "total",
    "price",
    "reservationId",
    "card",
    "sealed",
    "correlationId",
  ],
  ...[
    "acceptedAtMs",
    "accountNumber",
    "description",
    "created",
    "paymentId",
    "filter",
    "who",
    "perSecond",
    "extra",
  ],
  ...["action", "scope", "name", "input", "ttlMs", "initialCents", "operationId", "cents", "atMs", "uuid"],
];
const VALUES = [
  ...[
    0,
    1,
    -1,
    1.5,
    1e15,
    2 ** 53,
    1e308,
    "",
    "x",
    "1",
    "\0",
    "\ud800",
    "a".repeat(5_000),
    true,
    false,
    null,
  ],
  ...["4a7901b8-7d26-4d9d-aa19-4dc1c7cf60b3", [], [1], {}, { a: 1 }, "DEPOSIT", "users.create", "payments"],
];

function putAnything(random: SeededRandom): void {
  switch (random.below(6)) {
    case 0: {
      const length = random.below(200);
      const noise = Uint8Array.from({ length }, () => random.below(256));
      put(1 + random.below(15) || 1, noise);
      return;
    }
    case 1:
      putPayment(
        0x7fff_0000 + random.below(1_000),
        random.pick([Number.NaN, -1, 0.5, Number.POSITIVE_INFINITY]),
      );
      return;
    case 2:
      command(random.pick(VALUES), random.pick(VALUES), random.pick(VALUES));
      return;
    default: {
      const input = Object.fromEntries(
        Array.from({ length: random.below(8) }, () => [random.pick(FIELDS), random.pick(VALUES)]),
      );
      const name = random.pick(NAMES);
      // A command within a command.
      const keyed = { ...input, name: random.pick(NAMES), command: random.pick(NAMES), input };
      command(name, name === "idempotency.run" ? keyed : input, random.below(1_000));
    }
  }
}

test(
  "any frames at all between sound ones",
  () => {
    const random = SeededRandom.forTest("frames of any content");
    const endAt = performance.now() + FUZZ_MS;
    let payments = 0;
    let users = 0;
    while (performance.now() < endAt) {
      const usersBefore = count("users");
      const anythings = 1 + random.below(6);
      for (let frame = 0; frame < anythings; frame++) {
        putPayment(++payments);
        putAnything(random);
        command("users.create", { balanceCents: 100, uuid: crypto.randomUUID() });
        users++;
      }
      settle();
      // Frames of any content may have made users, too; none of the sound ones may be missing.
      expect(count("users") - usersBefore).toBeGreaterThanOrEqual(anythings);
      const sound = "payments WHERE substr(correlation_id, 13, 2) < x'7fff'";
      expect(count(sound)).toBeGreaterThanOrEqual(payments);
    }
    console.log(`${payments} payments, ${users} users, as many frames of any content`);
    expect(auditLedger(database)).toEqual([]);
  },
  FUZZ_MS + 60_000,
);
