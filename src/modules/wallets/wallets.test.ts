import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { uuidBytes } from "../../domain/uuid.ts";
import { FRAME_KINDS } from "../../ring/frames.ts";
import { StoreHarness } from "../../store/fixtures/store-harness.ts";
import { auditLedger } from "../ledger/audit.ts";
import { Ledger } from "../ledger/ledger.ts";
import { LedgerQueries } from "../ledger/queries.ts";
import { TopicQueries } from "../topics/queries.ts";
import { TopicLog } from "../topics/topic-writer.ts";
import { type Operate, WalletCommands, type WalletReply } from "./commands.ts";
import { readNewWallet, readOperationBody, readSync } from "./model.ts";
import { WALLET_OPERATION_BYTES, writeOperation } from "./operation-frame.ts";
import { OperationsInFlight } from "./operations-in-flight.ts";
import { WalletQueries } from "./queries.ts";

let store: StoreHarness;
let wallets: WalletCommands;
let queries: WalletQueries;

beforeEach(() => {
  store = new StoreHarness();
  const ledger = new Ledger(store.context);
  const topics = new TopicLog(store.context);
  wallets = new WalletCommands(store.context, ledger, topics);
  store.modules.push(wallets, topics, ledger);
  queries = new WalletQueries(store.database, new LedgerQueries(store.database));
});
afterEach(() => {
  expect(auditLedger(store.database)).toEqual([]);
  store.close();
});

interface Wallet {
  readonly uuid: string;
  readonly accountId: number;
}

function createWallet(balanceCents: number): Wallet {
  const uuid = crypto.randomUUID();
  store.execute("wallets.create", { uuid, balanceCents, transferId: crypto.randomUUID() }, 1_000);
  const accountId = queries.accountOf(uuid, uuidBytes(uuid));
  if (accountId === null) throw new Error("the wallet is not there");
  return { uuid, accountId };
}

function operate({ uuid }: Wallet, type: Operate["type"], amountCents: number): WalletReply {
  const operationId = Bun.randomUUIDv7();
  const input: Operate = { walletUuid: uuid, operationId, type, amountCents, sync: true };
  return store.execute("wallets.operate", input, 2_000) as WalletReply; // the module's own reply
}

/** A queued operation, as it lies in the intake log. @returns its id */
function takeFrame({ accountId }: Wallet, type: Operate["type"], amountCents: number): string {
  const id = Bun.randomUUIDv7();
  const offset = 24;
  const bytes = new Uint8Array(offset + WALLET_OPERATION_BYTES);
  bytes.set(uuidBytes(id), offset);
  writeOperation(new DataView(bytes.buffer, offset), { accountId, type, amountCents, acceptedAtMs: 3_000 });
  const frame = { view: new DataView(bytes.buffer), bytes, offset };
  wallets.frames[FRAME_KINDS.walletOperation]?.(frame, 4_000);
  return id;
}

const outcomeOf = (reply: WalletReply) => (reply.kind === "operated" ? reply.outcome : reply);

describe("an operation", () => {
  test("is applied, and keeps the balance that it left", () => {
    const wallet = createWallet(10_000);
    const reply = operate(wallet, "WITHDRAW", 3_000);
    expect(outcomeOf(reply)).toEqual({ kind: "applied", balanceCents: 7_000 });
    expect(queries.balanceCents(wallet.accountId)).toBe(7_000);
    const [operation] = queries.operations(wallet.accountId, null, 10);
    expect(operation).toMatchObject({
      operationType: "WITHDRAW",
      amount: 30,
      status: "applied",
      reason: null,
      balance_after: 70,
      created_at: "1970-01-01T00:00:02.000Z",
    });
  });

  test("is rejected where the balance would become negative, or too large", () => {
    const wallet = createWallet(100);
    expect(outcomeOf(operate(wallet, "WITHDRAW", 101))).toEqual({
      kind: "rejected",
      reason: "insufficient_funds",
      balanceCents: 100,
    });
    const full = createWallet(999_999_999_999);
    expect(outcomeOf(operate(full, "DEPOSIT", 1))).toMatchObject({
      kind: "rejected",
      reason: "balance_limit",
    });
    expect(queries.operations(full.accountId, null, 10)[0]).toMatchObject({ status: "rejected" });
    expect(queries.balanceCents(wallet.accountId)).toBe(100);
  });

  test("on an unknown wallet does nothing", () => {
    const wallet = { uuid: crypto.randomUUID(), accountId: 0 };
    expect(operate(wallet, "DEPOSIT", 1)).toEqual({ kind: "unknown_wallet" });
  });
});

describe("queued operations", () => {
  test("of one batch are applied in their order, each on what the one before left", () => {
    const wallet = createWallet(100);
    const ids = store.transact(() => [
      takeFrame(wallet, "WITHDRAW", 80),
      takeFrame(wallet, "WITHDRAW", 30),
      takeFrame(wallet, "DEPOSIT", 10),
      takeFrame(wallet, "WITHDRAW", 30),
    ]);
    const operations = ids.map((id) => queries.operation(wallet.accountId, uuidBytes(id)));
    expect(operations.map((operation) => [operation?.status, operation?.balance_after])).toEqual([
      ["applied", 0.2],
      ["rejected", 0.2],
      ["applied", 0.3],
      ["applied", 0],
    ]);
    expect(queries.balanceCents(wallet.accountId)).toBe(0);
  });

  test("of a batch that is rolled back are applied when it runs again, once", () => {
    const wallet = createWallet(0);
    expect(() =>
      store.transact(() => {
        takeFrame(wallet, "DEPOSIT", 500);
        throw new Error("the disk is full");
      }),
    ).toThrow();
    expect(queries.balanceCents(wallet.accountId)).toBe(0);
    store.transact(() => takeFrame(wallet, "DEPOSIT", 500));
    expect(queries.balanceCents(wallet.accountId)).toBe(500);
  });

  test("are messages of operation_queue, in their order; those that are waited for are not", () => {
    const wallet = createWallet(0);
    const ids = store.transact(() => [takeFrame(wallet, "DEPOSIT", 500), takeFrame(wallet, "WITHDRAW", 125)]);
    operate(wallet, "DEPOSIT", 1);
    const messages = new TopicQueries(store.database).messagesFrom("operation_queue", 0, 0, 10);
    expect(messages.map(({ key, value }) => [key, value])).toEqual([
      [wallet.uuid, { operation_id: ids[0], wallet_uuid: wallet.uuid, operationType: "DEPOSIT", amount: 5 }],
      [
        wallet.uuid,
        { operation_id: ids[1], wallet_uuid: wallet.uuid, operationType: "WITHDRAW", amount: 1.25 },
      ],
    ]);
  });

  test("are listed newest first, page by page", () => {
    const wallet = createWallet(0);
    const ids = store.transact(() => Array.from({ length: 5 }, () => takeFrame(wallet, "DEPOSIT", 1)));
    const first = queries.operations(wallet.accountId, null, 3);
    expect(first.map((operation) => operation.operation_id)).toEqual(ids.slice(2).reverse());
    const last = first.at(-1)?.operation_id ?? "";
    const second = queries.operations(wallet.accountId, uuidBytes(last), 3);
    expect(second.map((operation) => operation.operation_id)).toEqual(ids.slice(0, 2).reverse());
  });
});

describe("operations in flight", () => {
  const queued = { accountId: 5, type: "DEPOSIT", amountCents: 1, acceptedAtMs: 1 } as const;

  test("are known until their frames are committed", () => {
    const inFlight = new OperationsInFlight();
    inFlight.add("a", queued, 100);
    inFlight.add("b", queued, 200);
    inFlight.forgetUpTo(100);
    expect([inFlight.find("a"), inFlight.find("b")]).toEqual([undefined, queued]);
    expect(inFlight.hasAny(5)).toBe(true);
    inFlight.forgetUpTo(200);
    expect([inFlight.find("b"), inFlight.hasAny(5)]).toEqual([undefined, false]);
  });

  test("positions may wrap, and thousands may pass", () => {
    const inFlight = new OperationsInFlight();
    inFlight.add("a", queued, 0xffff_fff0);
    inFlight.add("b", { ...queued, accountId: 6 }, 16);
    inFlight.forgetUpTo(0xffff_fff8);
    expect([inFlight.hasAny(5), inFlight.hasAny(6)]).toEqual([false, true]);
    for (let i = 0; i < 5_000; i++) {
      inFlight.add(`op${i}`, queued, 100 + i);
      inFlight.forgetUpTo(99 + i);
    }
    expect(inFlight.find("op4999")).toEqual(queued);
    expect(inFlight.find("op4998")).toBeUndefined();
  });
});

describe("bodies", () => {
  test.each([
    [{ initial_balance: 0 }, 0],
    [{ initial_balance: "12.30" }, 1_230],
  ])("%p opens a wallet", (body, balanceCents) => {
    expect(readNewWallet(body)).toEqual({ kind: "valid", value: { balanceCents } } as never);
  });

  test.each([
    [null],
    [[]],
    [{}],
    [{ initial_balance: -1 }],
    [{ initial_balance: null }],
    [{ initial_balance: 0.001 }],
  ])("%p does not", (body) => {
    expect(readNewWallet(body).kind).toBe("invalid");
  });

  test.each([
    [null],
    [{}],
    [{ operationType: "deposit", amount: 1 }],
    [{ operationType: "TRANSFER", amount: 1 }],
    [{ operationType: "DEPOSIT", amount: 0 }],
    [{ operationType: "DEPOSIT" }],
    [{ operationType: ["DEPOSIT"], amount: 1 }],
  ])("%p is no operation", (body) => {
    expect(readOperationBody(body).kind).toBe("invalid");
  });

  test("?sync= is a yes or a no", () => {
    expect(["/o", "/o?", "/o?sync=false", "/o?sync=0"].map(readSync)).toEqual([false, false, false, false]);
    expect(["/o?sync=true", "/o?a=1&sync=True", "/o?sync=1"].map(readSync)).toEqual([true, true, true]);
    expect(readSync("/o?sync=maybe")).toBeNull();
  });
});
