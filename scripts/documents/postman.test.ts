import { expect, test } from "bun:test";
import { toPostmanCollection } from "./postman.ts";

const DOCUMENT = {
  info: { title: "catraca", version: "1" },
  tags: [{ name: "Payments", description: "Section A" }, { name: "Unused" }],
  paths: {
    "/payments": {
      post: {
        tags: ["Payments"],
        summary: "Accept a payment",
        requestBody: { content: { "application/json": { example: { amount: 19.9 } } } },
      },
    },
    "/dlq/{id}": {
      get: {
        parameters: [
          { name: "id", in: "path", example: 7 },
          { name: "limit", in: "query" },
        ],
      },
    },
  },
};

test("a folder per tag in use, a request per operation, with the document's example as its body", () => {
  expect(toPostmanCollection(DOCUMENT)).toMatchObject({
    info: { name: "catraca 1" },
    item: [
      {
        name: "Payments",
        item: [
          { name: "Accept a payment", request: { method: "POST", body: { raw: '{\n  "amount": 19.9\n}' } } },
        ],
      },
      { name: "Other", item: [{ name: "GET /dlq/{id}" }] },
    ],
  });
});

test("path parameters become variables, query parameters are there but switched off", () => {
  const text = JSON.stringify(toPostmanCollection(DOCUMENT));
  expect(text).toContain('"raw":"{{baseUrl}}/dlq/:id"');
  expect(text).toContain('{"key":"id","value":"7","description":""}');
  expect(text).toContain('{"key":"limit","value":"","description":"","disabled":true}');
});
