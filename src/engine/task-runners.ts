import type { Settings } from "../config/settings.ts";
import type { CardSeal } from "../modules/orders/card-seal.ts";
import { createChargeRunner } from "../modules/orders/charge-runner.ts";
import { BankClient, type BankPayment } from "../upstreams/bank.ts";
import { CardGatewayClient } from "../upstreams/card-gateway.ts";
import type { HttpClient } from "../upstreams/http-client.ts";
import { type GatewayPayment, PaymentGatewayClient } from "../upstreams/payment-gateway.ts";
import type { UpstreamUrls } from "./built-in-server.ts";
import type { TaskRunners } from "./dispatch-tasks.ts";

/** Who is called for the tasks of each kind but payments; a payload is what the kind's TaskHandler described. */
export function createRunners(
  client: HttpClient,
  settings: Settings,
  urls: UpstreamUrls,
  seal: CardSeal,
): TaskRunners {
  const cardGateway = new CardGatewayClient(urls.cardGateway, client, {
    token: settings.paymentsToken,
    apiVersion: settings.paymentsXApiVersion,
    timeoutMs: settings.paymentsTimeoutSeconds * 1000,
  });
  const gateway = new PaymentGatewayClient(urls.gateway, client, settings.gatewayTimeoutSeconds * 1000);
  const bank = new BankClient(urls.bank, client);
  return {
    accountPayment: ({ payload }) => bank.pay(payload as BankPayment),
    order: createChargeRunner(cardGateway, seal),
    userPayment: ({ payload }) => gateway.pay(payload as GatewayPayment),
  };
}
