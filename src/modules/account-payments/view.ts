import { toAmount } from "../../domain/money.ts";
import { formatTimestamp } from "../../domain/timestamp.ts";
import { formatUuid } from "../../domain/uuid.ts";
import type { AccountPaymentView } from "./model.ts";
import { type AccountPaymentRow, stateOf } from "./table.ts";

/** A stored payment as clients see it. */
export function viewOfRow(row: AccountPaymentRow): AccountPaymentView {
  return {
    paymentId: formatUuid(row.id, 0),
    userId: formatUuid(row.userId, 0),
    created: formatTimestamp(row.createdAtMs),
    processed: row.processedAtMs === null ? null : formatTimestamp(row.processedAtMs),
    state: stateOf(row.state),
    accountNumber: row.accountNumber,
    amount: toAmount(row.amountCents),
    description: row.description,
    extPaymentDetails: row.details,
  };
}
