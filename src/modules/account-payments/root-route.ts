import { Elysia } from "elysia";
import { accountPaymentDocs } from "./docs.ts";

const GREETING = { status: "ok", message: "Hello my friend :) It's a payment service" };

/** GET /: a page for browsers. @param page answers a request that wants a page; null for any other */
export function rootRoute(page: (request: Request) => Response | Promise<Response> | null) {
  return new Elysia({ name: "root" }).get(
    "/",
    ({ request }) => page(request) ?? Response.json(GREETING, { headers: { vary: "Accept" } }),
    { detail: accountPaymentDocs.root },
  );
}
