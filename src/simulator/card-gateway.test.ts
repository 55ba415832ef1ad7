import { expect, test } from "bun:test";
import { CardGatewaySimulator } from "./card-gateway.ts";

const TOKEN = "a token of its own";

test.each([
  ["the token", TOKEN, 200],
  ["none", null, 401],
  ["an empty one", "", 401],
  ["its beginning", TOKEN.slice(0, -1), 401],
  ["more than it", `${TOKEN}x`, 401],
  ["another letter case", TOKEN.toUpperCase(), 401],
  ["the one that gateways have by default", "123", 401],
] as const)("an administrator's call with %s", async (_, sent, status) => {
  const gateway = new CardGatewaySimulator({ token: TOKEN });
  const path = "/admin/charges-summary";
  const headers: Record<string, string> = sent === null ? {} : { "x-rinha-token": sent };
  const answer = await gateway.handle(new Request(`http://localhost${path}`, { headers }), path);
  expect(answer.status).toBe(status);
});
