import { Elysia } from "elysia";
import { LIMITS } from "../../config/limits.ts";
import type { MockGateway } from "../../simulator/mock-gateway.ts";
import { userDocs } from "./docs.ts";

/** The simulated gateway on the replica's own port: the same books as the one that dispatch calls. */
export function mockGatewayRoutes(gateway: MockGateway) {
  const pay = ({ request, server }: { request: Request; server: Bun.Server<unknown> | null }) => {
    // A late answer is silence on the connection, as long as that is set to take.
    server?.timeout(request, LIMITS.silenceSeconds.value);
    return gateway.pay(request);
  };
  const counts = () => Response.json(gateway.counts);
  return new Elysia({ name: "mock-gateway" })
    .post("/mock-gateway/pay", pay, { parse: "none", detail: userDocs.mockPay })
    .post("/api/v1/mock-gateway/pay", pay, { parse: "none", detail: userDocs.mockPay })
    .get("/mock-gateway/counts", counts, { detail: userDocs.mockCounts })
    .get("/api/v1/mock-gateway/counts", counts, { detail: userDocs.mockCounts });
}
