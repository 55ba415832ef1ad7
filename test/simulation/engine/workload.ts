import type { Cents } from "../../../src/domain/money.ts";
import { encodeJson, FRAME_KINDS } from "../../../src/ring/frames.ts";
import type { CommandReply } from "../../../src/store/module.ts";
import { between, pick } from "../seeded-random.ts";
import { uuidOf } from "./ambient-world.ts";
import type { DeadLetterRow } from "./books.ts";
import type { ClientModel } from "./client-model.ts";
import { waitMs } from "./faults.ts";
import { PaymentProcessor } from "./payment-processor.ts";
import type { ReplicaFront } from "./replica-process.ts";
import { unlessKilled, type VirtualWorld } from "./virtual-world.ts";

/** What a run's clients do; per second of the world. */
export interface WorkloadRates {
  readonly payments: number;
  readonly others: number;
}

export interface WorkloadParts {
  readonly world: VirtualWorld;
  readonly model: ClientModel;
  readonly rates: WorkloadRates;
  readonly fronts: () => readonly ReplicaFront[];
  /** The account of a wallet that was created. */
  readonly accountOf: (walletUuid: string) => number;
  readonly deadLetters: () => readonly DeadLetterRow[];
}

/** Of the sample catalogue: 240 pieces, so that it is sold out now and then. */
const PRODUCT = { id: 1, priceTenThousandths: 189_000 };
const REPEAT_SHARE = 0.12;
const CONFLICT_SHARE = 0.03;
const DECLINED_SHARE = 0.03;
const CARD = { number: "4111111111111111", expMonth: 12, expYear: 2030, securityCode: "123", holder: null };

/** Clients of all sections, each talking to a replica that serves just now. */
export class Workload {
  readonly #parts: WorkloadParts;
  #isOver = false;

  constructor(parts: WorkloadParts) {
    this.#parts = parts;
  }

  start(): void {
    const { world, rates } = this.#parts;
    world.plan(null, 5, "a client fills the catalogue", () => this.command("catalogue.fill"));
    this.#every(1000 / rates.payments, () => this.#pay());
    this.#every(1000 / rates.others, () => this.#doOther());
  }

  stop(): void {
    this.#isOver = true;
  }

  #every(meanMs: number, act: () => void): void {
    const { world } = this.#parts;
    if (this.#isOver) return;
    world.plan(null, waitMs(world.random, meanMs), "a client acts", () => {
      if (this.#isOver) return;
      act();
      this.#every(meanMs, act);
    });
  }

  /** A command that no client of the model waits for. */
  command(name: string): void {
    this.#ask((front) => this.#execute(front, name, {}, () => {}));
  }

  #ask(act: (front: ReplicaFront) => void): void {
    const { world, fronts } = this.#parts;
    const serving = fronts();
    if (serving.length === 0) return;
    const front = pick(world.random, serving);
    world.plan(front.main, between(world.random, 0.05, 1), "serves a request", () =>
      world.interruptible(() => act(front)),
    );
  }

  #pay(): void {
    const { world, model } = this.#parts;
    const known = [...model.payments.keys()];
    const isRepeat = known.length > 0 && world.random() < REPEAT_SHARE;
    // Mostly a recent one: what is in flight is what a repeat could disturb.
    const back = Math.min(known.length, Math.ceil(world.random() * 10));
    const id = isRepeat ? (known.at(-back) ?? uuidOf(world, 4)) : uuidOf(world, 4);
    const asked = model.payments.get(id);
    const isDeclined = world.random() < DECLINED_SHARE;
    const drawnCents = isDeclined
      ? PaymentProcessor.DECLINED_AMOUNT_CENTS
      : Math.floor(between(world.random, 1, 50_000));
    if (asked !== undefined && world.random() < CONFLICT_SHARE) {
      this.#ask((front) => {
        if (asked.askedAtMs <= model.purgedAtMs) return;
        void front.acceptor.accept({ correlationId: id, amountCents: 1 as Cents }, Date.now()); // one cent
      });
      return;
    }
    const amountCents = asked?.amountCents ?? drawnCents;
    if (asked === undefined)
      model.payments.set(id, { amountCents, askedAtMs: world.nowMs, acknowledgedAtMs: null });
    const askedAtMs = world.nowMs;
    this.#ask((front) => {
      // What was asked for before a purge is not asked for again after it: it may have been charged already.
      const firstAtMs = model.payments.get(id)?.askedAtMs ?? askedAtMs;
      if (firstAtMs <= model.purgedAtMs) return;
      // Whole cents, drawn above.
      const payment = { correlationId: id, amountCents: amountCents as Cents };
      const answer = front.acceptor.accept(payment, Date.now());
      if (answer instanceof Promise) throw new Error("with DURABILITY=process nothing is waited for");
      if (answer.kind === "accepted") model.acknowledgePayment(id, world.nowMs);
    });
  }

  #doOther(): void {
    const { world } = this.#parts;
    const acts = [
      () => this.#createWallet(),
      () => this.#operate(),
      () => this.#operate(),
      () => this.#operate(),
      () => this.#createUser(),
      () => this.#userPayment(),
      () => this.#userPayment(),
      () => this.#reserve(),
      () => this.#order(),
      () => this.#accountPayment(),
      () => this.#requeue(),
    ];
    pick(world.random, acts)();
  }

  #createWallet(): void {
    const { world, model } = this.#parts;
    if (model.wallets.size >= 4) return;
    const uuid = uuidOf(world, 4);
    const openingCents = Math.floor(between(world.random, 0, 20_000));
    const input = { uuid, balanceCents: openingCents, transferId: uuidOf(world, 7) };
    this.#ask((front) =>
      this.#execute(front, "wallets.create", input, (reply) => {
        if (reply.kind !== "created") return;
        model.wallets.set(uuid, { accountId: this.#parts.accountOf(uuid), openingCents });
      }),
    );
  }

  #operate(): void {
    const { world, model } = this.#parts;
    const walletUuids = [...model.wallets.keys()];
    if (walletUuids.length === 0) return;
    const walletUuid = pick(world.random, walletUuids);
    const type = pick(world.random, ["DEPOSIT", "WITHDRAW"] as const);
    const amountCents = Math.floor(between(world.random, 1, 9_000)) as Cents; // whole cents
    const accountId = model.wallets.get(walletUuid)?.accountId ?? 0;
    if (accountId > 0 && world.random() < 0.6) {
      this.#ask((front) => {
        const id = front.operator.queue(accountId, { type, amountCents }, Date.now());
        if (id !== null) model.operations.set(id, { walletUuid, type, amountCents, isAcknowledged: true });
      });
      return;
    }
    const operationId = uuidOf(world, 7);
    const input = { walletUuid, operationId, type, amountCents, sync: world.random() < 0.5 };
    model.operations.set(operationId, { walletUuid, type, amountCents, isAcknowledged: false });
    this.#ask((front) =>
      this.#execute(front, "wallets.operate", input, (reply) => {
        const operation = model.operations.get(operationId);
        if (operation !== undefined && reply.kind === "operated") operation.isAcknowledged = true;
      }),
    );
  }

  #createUser(): void {
    const { world, model } = this.#parts;
    if (model.users.size >= 4) return;
    const balanceCents = Math.floor(between(world.random, 0, 50_000));
    this.#ask((front) =>
      this.#execute(front, "users.create", { balanceCents, uuid: uuidOf(world, 7) }, (reply) => {
        if (reply.kind === "created")
          model.users.set(Number(reply["userId"]), { openingCents: balanceCents });
      }),
    );
  }

  #userPayment(): void {
    const { world, model } = this.#parts;
    const users = [...model.users.keys()];
    if (users.length === 0) return;
    const userId = pick(world.random, users);
    const type = pick(world.random, ["deposit", "withdraw", "withdraw"] as const);
    const uuid = uuidOf(world, 7);
    const amountCents = Math.floor(between(world.random, 1, 15_000));
    const asked = { userId, type, amountCents, isAcknowledged: false };
    model.userPayments.set(uuid, asked);
    this.#ask((front) =>
      this.#execute(front, `users.${type}`, { userId, amountCents, uuid }, (reply) => {
        if (reply.kind === "accepted") asked.isAcknowledged = true;
      }),
    );
  }

  /** An administrator has something that is dead tried again: a withdrawal holds its money anew, an order its stock. */
  #requeue(): void {
    const { world, model, deadLetters } = this.#parts;
    const letters = deadLetters();
    if (letters.length === 0) return;
    const { id, source, subject, name } = pick(world.random, letters);
    model.requeued.add(name);
    this.#ask((front) => {
      const isOrder = source === "orders";
      const extra = isOrder ? { sealedCard: front.seal.seal(CARD, subject), cardLast4: "1111" } : null;
      this.#execute(front, "deadLetters.requeue", { id, who: "administrator", extra }, () => {});
    });
  }

  #reserve(): void {
    const { world, model } = this.#parts;
    const reservationId = uuidOf(world, 7);
    const quantity = Math.floor(between(world.random, 1, 60));
    const total = PRODUCT.priceTenThousandths * quantity;
    const input = { reservationId, productId: PRODUCT.id, userId: JSON.stringify(7), quantity, total };
    this.#ask((front) =>
      this.#execute(front, "orders.reserve", input, (reply) => {
        if (reply.kind === "reserved")
          model.reservations.set(reservationId, { productId: PRODUCT.id, quantity });
      }),
    );
  }

  #order(): void {
    const { world, model } = this.#parts;
    const [reservationId, reservation] = [...model.reservations].at(-1) ?? [];
    if (reservationId === undefined || reservation === undefined) return;
    const quantity = Math.ceil(world.random() * reservation.quantity);
    const orderId = uuidOf(world, 7);
    this.#ask((front) => {
      const input = {
        orderId,
        reservationId,
        productId: PRODUCT.id,
        userId: JSON.stringify(7),
        userKey: "7",
        quantity,
        price: PRODUCT.priceTenThousandths,
        total: PRODUCT.priceTenThousandths * quantity,
        sealedCard: front.seal.seal(CARD, orderId),
        cardLast4: "1111",
      };
      this.#execute(front, "orders.accept", input, (reply) => {
        if (reply.kind === "accepted") model.orders.add(orderId);
      });
    });
  }

  #accountPayment(): void {
    const { world, model } = this.#parts;
    const id = uuidOf(world, 7);
    this.#ask((front) => {
      const input = {
        id,
        userId: uuidOf(world, 4),
        accountNumber: "BR-1",
        amountCents: Math.floor(between(world.random, 1, 50_000)),
        description: null,
        createdAtMs: Date.now(),
      };
      // As src/modules/account-payments/acceptor.ts queues it: acknowledged by its frame.
      const payload = encodeJson({ name: "accountPayments.create", replyId: 0, input });
      if (front.intake.submit(FRAME_KINDS.command, payload) >= 0) model.accountPayments.add(id);
    });
  }

  #execute(front: ReplicaFront, name: string, input: unknown, heard: (reply: CommandReply) => void): void {
    void front.intake.execute(name, input).then((execution) => {
      if (execution.kind === "done") heard(execution.reply);
    }, unlessKilled);
  }
}
