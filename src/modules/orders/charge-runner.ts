import type { TaskRunner } from "../../engine/dispatch-tasks.ts";
import type { TaskResult } from "../../store/module.ts";
import type { CardGatewayClient } from "../../upstreams/card-gateway.ts";
import type { CardSeal } from "./card-seal.ts";
import type { ChargeBrief, ChargeReport } from "./charge-tasks.ts";

/**
 * The call for an order, in a dispatch thread: opens the card, charges it, and forgets it again. A card that cannot
 * be opened was sealed by a process that has ended: then nothing is charged; if an earlier call may have been, the
 * gateway is asked about its reference.
 */
export function createChargeRunner(
  gateway: Pick<CardGatewayClient, "charge" | "inquire">,
  seal: CardSeal,
): TaskRunner {
  return async ({ payload }): Promise<TaskResult> => {
    // charge-tasks.ts wrote it with this shape.
    const { orderId, description, amountCents, sealedCard, isUncertain } = payload as ChargeBrief;
    const charge = { referenceId: orderId, description, amountCents };
    const asked = { isCall: true, isCharge: false };
    if (sealedCard === null) return { ...(await gateway.inquire(charge)), data: reportOf(false, asked) };
    const card = seal.open(sealedCard, orderId);
    if (card !== null) {
      const charged = { isCall: true, isCharge: true };
      return { ...(await gateway.charge(charge, card)), data: reportOf(false, charged) };
    }
    if (isUncertain) return { ...(await gateway.inquire(charge)), data: reportOf(true, asked) };
    const nothing = { isCall: false, isCharge: false };
    return { outcome: { kind: "declined", code: "card_lost" }, data: reportOf(true, nothing) };
  };
}

function reportOf(isCardGone: boolean, call: Omit<ChargeReport, "isCardGone">): ChargeReport {
  return { isCardGone, ...call };
}
