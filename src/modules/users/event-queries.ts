import { toAmount } from "../../domain/money.ts";
import type { UserPaymentStatus, UserPaymentType } from "../../domain/user-payment.ts";
import type { EventSink } from "../../store/event-sink.ts";

/** Tells live how a deposit or withdrawal stands now. */
export function tellUserPayment(
  events: EventSink,
  payment: { readonly id: number; readonly userId: number; readonly amountCents: number },
  kind: UserPaymentType,
  status: UserPaymentStatus,
  atMs: number,
): void {
  if (!events.wants("userPayment.changed")) return;
  const { id, userId, amountCents } = payment;
  events.emit("userPayment.changed", { id, userId, kind, status, amount: toAmount(amountCents) }, atMs);
}
