/**
 * The yardstick of the accept path: a server of the same framework that validates a payment and stores nothing.
 * Takes PORT and HOST, or SOCKET, as catraca does.
 */
import { Elysia, t } from "elysia";

const NOTHING = { totalRequests: 0, totalAmount: 0 };
const { SOCKET: unix, PORT: port, HOST: hostname = "127.0.0.1" } = process.env;

const app = new Elysia()
  .post(
    "/payments",
    ({ body, set }) => {
      set.status = 202;
      return { correlationId: body.correlationId, status: "pending" };
    },
    { body: t.Object({ correlationId: t.String({ format: "uuid" }), amount: t.Number({ minimum: 0.01 }) }) },
  )
  .get("/payments-summary", () => ({ default: NOTHING, fallback: NOTHING }))
  .post("/purge-payments", ({ status }) => status(204, undefined))
  .get("/healthcheck", () => ({ message: "service is running" }));

app.listen(unix !== undefined ? { unix } : { hostname, port: Number(port) });
process.on("SIGTERM", () => process.exit(0));
