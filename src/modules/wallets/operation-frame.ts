import { UUID_BYTES } from "../../domain/uuid.ts";
import type { WalletOperationType } from "../../domain/wallet-operation.ts";
import type { IntakeFrame } from "../../store/module.ts";
import { operationTypeNumber, operationTypeOf } from "./table.ts";

/**
 * A queued operation in the intake log: binary, because a wallet takes tens of thousands per second.
 *
 *   id 0..15 · accountId 16 · amountCents 24 · acceptedAtMs 32 · type 40
 */
export const WALLET_OPERATION_BYTES = 48;

export interface WalletOperation {
  /** The UUID's 16 bytes; only read during the call. */
  readonly id: Uint8Array;
  readonly accountId: number;
  readonly amountCents: number;
  readonly acceptedAtMs: number;
  readonly type: WalletOperationType;
}

/** Writes an operation whose id is there already. */
export function writeOperation(view: DataView, operation: Omit<WalletOperation, "id">): void {
  view.setFloat64(UUID_BYTES, operation.accountId, true);
  view.setFloat64(24, operation.amountCents, true);
  view.setFloat64(32, operation.acceptedAtMs, true);
  view.setUint8(40, operationTypeNumber(operation.type));
}

/** @param id gets the 16 bytes: one buffer for all frames, a view for each would be garbage */
export function readOperation({ view, bytes, offset }: IntakeFrame, id: Uint8Array): WalletOperation {
  for (let i = 0; i < UUID_BYTES; i++) id[i] = bytes[offset + i] ?? 0;
  return {
    id,
    accountId: view.getFloat64(offset + UUID_BYTES, true),
    amountCents: view.getFloat64(offset + 24, true),
    acceptedAtMs: view.getFloat64(offset + 32, true),
    type: operationTypeOf(view.getUint8(offset + 40)),
  };
}
