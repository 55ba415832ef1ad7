import { feeOf, parseShare, type Share } from "../../src/domain/fee.ts";
import { toCents } from "../../src/domain/money.ts";
import type { ProcessorName } from "../../src/domain/processor.ts";
import { formatUuid, UUID_BYTES } from "../../src/domain/uuid.ts";

/**
 * Payments made from a seed: number `index` of a seed is always the same one, and is computed without the ones before
 * it. So a load can ask for any of ten million ids without reading them anywhere.
 */
export interface PaymentPlan {
  readonly count: number;
  readonly seed: number;
  /** The last payment is accepted at about this time, ms since the epoch. */
  readonly lastAtMs: number;
  /** The payments are spread over so many days before. */
  readonly days: number;
}

/** One settled payment; the object is filled anew for each, because ten million of them would be garbage. */
export interface GeneratedPayment {
  readonly id: Buffer;
  amountCents: number;
  processor: ProcessorName;
  acceptedAtMs: number;
  requestedAtMs: number;
  settledAtMs: number;
  feeCents: number;
}

export const DAY_MS = 86_400_000;
const AMOUNT_CENTS_MAX = 100_000;
/** Of all payments: taken by the fallback; held for seconds because no processor took them. */
const FALLBACK_SHARE = 0.05;
const HELD_SHARE = 0.01;
const HELD_MS_MAX = 30_000;
const CALL_MS_MAX = 20;

export class GeneratedPayments {
  readonly plan: PaymentPlan;
  readonly #stepMs: number;
  readonly #payment: GeneratedPayment;
  readonly #feeShares: Readonly<Record<ProcessorName, Share>>;

  constructor(plan: PaymentPlan, feeShares: Readonly<Record<ProcessorName, number>>) {
    this.plan = plan;
    this.#stepMs = (plan.days * DAY_MS) / plan.count;
    this.#feeShares = { default: shareOf(feeShares.default), fallback: shareOf(feeShares.fallback) };
    this.#payment = {
      id: Buffer.alloc(UUID_BYTES),
      amountCents: 0,
      processor: "default",
      acceptedAtMs: 0,
      requestedAtMs: 0,
      settledAtMs: 0,
      feeCents: 0,
    };
  }

  /** When the first of them may have been accepted, ms since the epoch. */
  get firstAtMs(): number {
    return this.plan.lastAtMs - this.plan.days * DAY_MS;
  }

  /** Payment `index` of 0..count-1, in the order of acceptance; valid until the next call. */
  at(index: number): GeneratedPayment {
    const { seed } = this.plan;
    const payment = this.#payment;
    writeGeneratedId(seed, index, payment.id);
    const chance = (purpose: number) => mix(seed, index, purpose) / 2 ** 32;
    payment.amountCents = 1 + Math.floor(chance(4) * AMOUNT_CENTS_MAX);
    payment.processor = chance(5) < FALLBACK_SHARE ? "fallback" : "default";
    payment.acceptedAtMs = Math.floor(this.firstAtMs + (index + chance(6)) * this.#stepMs);
    const heldMs = chance(7) < HELD_SHARE ? Math.floor(chance(8) * HELD_MS_MAX) : 0;
    payment.requestedAtMs = payment.acceptedAtMs + heldMs + Math.floor(chance(9) * 5);
    payment.settledAtMs = payment.requestedAtMs + 1 + Math.floor(chance(10) * CALL_MS_MAX);
    payment.feeCents = feeOf(toCents(payment.amountCents), this.#feeShares[payment.processor]);
    return payment;
  }
}

/** Writes the id of payment `index`: a UUID of version 4, different for every index below 2^32. */
export function writeGeneratedId(seed: number, index: number, target: Buffer): void {
  for (let word = 0; word < 4; word++) target.writeUInt32BE(mix(seed, index, word), word * 4);
  target[6] = ((target[6] ?? 0) & 0x0f) | 0x40; // RFC 9562, section 5.4: version and variant
  target[8] = ((target[8] ?? 0) & 0x3f) | 0x80;
}

/** The id of payment `index` as text. */
export function generatedId(seed: number, index: number): string {
  const bytes = Buffer.alloc(UUID_BYTES);
  writeGeneratedId(seed, index, bytes);
  return formatUuid(bytes, 0);
}

/**
 * 32 random bits for one purpose of one payment. Each step is a bijection of `index` (the finalizer of MurmurHash3,
 * https://github.com/aappleby/smhasher), so the first word of an id alone keeps ids different.
 */
function mix(seed: number, index: number, purpose: number): number {
  const start = Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(purpose + 1, 0x85ebca77);
  return finalize(finalize(index ^ start) + start);
}

function finalize(value: number): number {
  let bits = value | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

function shareOf(fee: number): Share {
  const parsed = parseShare(fee);
  if (!parsed.ok) throw new Error(`a processor's fee ${parsed.problem}`);
  return parsed.share;
}
