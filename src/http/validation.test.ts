import { describe, expect, test } from "bun:test";
import { t } from "elysia";
import { createHttpApp } from "./app.ts";
import type { FieldError } from "./errors.ts";

const CARD_NUMBER = "4111111111111111";

const Order = t.Object({
  amount: t.Union([t.Number(), t.String()]),
  operationType: t.Union([t.Literal("DEPOSIT"), t.Literal("WITHDRAW")]),
  card: t.Object({
    card_number: t.String({ pattern: "^[0-9]{12,19}$", error: "must be 12 to 19 digits" }),
    card_exp_month: t.Integer({ minimum: 1, maximum: 12 }),
  }),
  items: t.Optional(t.Array(t.Object({ id: t.String({ format: "uuid" }) }))),
});

const app = createHttpApp()
  .post("/order", () => "taken", { body: Order })
  .get("/list", () => "listed", {
    query: t.Object({ limit: t.Optional(t.Integer({ minimum: 1 })), sync: t.Optional(t.BooleanString()) }),
  })
  .get("/item/:id", () => "found", { params: t.Object({ id: t.Integer() }) });

async function errorsOf(path: string, body?: unknown): Promise<FieldError[]> {
  const headers = { "content-type": "application/json" };
  const init = body === undefined ? {} : { method: "POST", body: JSON.stringify(body), headers };
  const answer = await app.handle(new Request(`http://localhost${path}`, init));
  const text = await answer.text();
  expect(answer.status).toBe(422);
  // Whatever was wrong: the received value never comes back.
  expect(text).not.toContain(CARD_NUMBER);
  return JSON.parse(text).errors;
}

const valid = { amount: 1, operationType: "DEPOSIT", card: { card_number: CARD_NUMBER, card_exp_month: 1 } };

describe("invalid fields are named by their path, each once", () => {
  test("missing ones", async () => {
    expect(await errorsOf("/order", {})).toEqual([
      { path: "amount", message: "is required" },
      { path: "operationType", message: "is required" },
      { path: "card", message: "is required" },
    ]);
  });

  test("nested ones, with the schema's own message where it has one", async () => {
    const card = { card_number: `${CARD_NUMBER}x`, card_exp_month: 13 };
    const errors = await errorsOf("/order", { ...valid, card });
    expect(errors.map(({ path }) => path)).toEqual(["card.card_number", "card.card_exp_month"]);
    expect(errors[0]?.message).toBe("must be 12 to 19 digits");
    expect(errors[1]?.message).toContain("less or equal to 12");
  });

  test("those of lists, with their place", async () => {
    const errors = await errorsOf("/order", {
      ...valid,
      items: [{ id: "4a7901b8-7d26-4d9d-aa19-4dc1c7cf60b3" }, { id: "x" }],
    });
    expect(errors).toEqual([{ path: "items.1.id", message: "must be string matching 'uuid' format" }]);
  });

  test("choices say what they are", async () => {
    expect(await errorsOf("/order", { ...valid, amount: true, operationType: CARD_NUMBER })).toEqual([
      { path: "amount", message: "must be number or string" },
      { path: "operationType", message: "must be 'DEPOSIT' or 'WITHDRAW'" },
    ]);
  });

  test("the body itself", async () => {
    expect(await errorsOf("/order", CARD_NUMBER)).not.toEqual([]);
  });

  test("a long list of errors is cut", async () => {
    const items = Array.from({ length: 100 }, () => ({ id: CARD_NUMBER }));
    expect(await errorsOf("/order", { ...valid, items })).toHaveLength(16);
  });
});

describe("query and path", () => {
  test.each([
    ["/list?limit=x", "limit", "must be integer"],
    ["/list?limit=0", "limit", "must be integer greater or equal to 1"],
    ["/list?limit=1.5", "limit", "must be integer"],
    ["/list?sync=maybe", "sync", "must be boolean"],
    ["/item/x", "id", "must be integer"],
  ])("%s", async (path, name, message) => {
    expect(await errorsOf(path)).toEqual([{ path: name, message }]);
  });
});
