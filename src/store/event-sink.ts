/**
 * What modules say while they write, for whoever looks on live (GET /events). An event leaves only after the commit
 * of what it tells. Nothing is made while nobody listens:
 *
 *   if (events.wants("payment.accepted")) events.emit("payment.accepted", { id: formatUuid(bytes, at), amount }, nowMs);
 */
export interface EventFields {
  "payment.accepted": { readonly id: string; readonly amount: number };
  "payment.settled": {
    readonly id: string;
    readonly amount: number;
    readonly processor: string;
    readonly fee: number;
    readonly latencyMs: number;
  };
  /** A call that did not settle the payment. */
  "payment.attempt": {
    readonly id: string;
    readonly processor: string;
    readonly outcome: string;
    readonly code: string;
    readonly latencyMs: number;
  };
  "payment.dead": { readonly id: string; readonly processor: string; readonly code: string };
  "payment.purged": Readonly<Record<never, never>>;
  "order.changed": { readonly id: string; readonly status: string };
  "userPayment.changed": {
    readonly id: number;
    readonly userId: number;
    readonly kind: string;
    readonly status: string;
    readonly amount: number;
  };
  "wallet.operation": {
    readonly id: string;
    readonly operationType: string;
    readonly amount: number;
    readonly status: string;
    readonly balance: number;
  };
  "accountPayment.created": { readonly id: string; readonly amount: number };
  "accountPayment.final": { readonly id: string; readonly state: string; readonly amount: number };
  deadLetter: { readonly source: string; readonly id: string; readonly code: string };
}

export type EventType = keyof EventFields;

export interface EventSink {
  /** Whether to make an event of this type now. If not, it is counted for those who listen, if anybody does. */
  wants(type: EventType): boolean;
  /** Says what happened. @param fields never a card, a token or another secret @param atMs ms since the epoch */
  emit<Type extends EventType>(type: Type, fields: EventFields[Type], atMs: number): void;
  /** An account payment has become final: whoever waits for its result is woken after the commit. */
  resultReady(): void;
}

/** For where nobody can listen: tests of a module, programs without a server. */
export const NO_EVENTS: EventSink = { wants: () => false, emit: () => {}, resultReady: () => {} };
