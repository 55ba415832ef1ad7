import { problemAnswer } from "../../http/route-docs.ts";

/** What the OpenAPI document says of the live events. */
export const eventDocs = {
  stream: {
    tags: ["Operations"],
    summary: "Live events (SSE)",
    description:
      "A stream of `text/event-stream`. Each event is JSON with `type`, `at` and `replica`, and fields of its type " +
      "(in cluster mode of all replicas): " +
      "`payment.accepted`, `payment.settled`, `payment.attempt`, `payment.dead`, `payment.purged`, `order.changed`, " +
      "`userPayment.changed`, `wallet.operation`, `accountPayment.created`, `accountPayment.final`, `deadLetter`, " +
      "`processor`. When there are many of a type, some are sent and the others only counted in `counts` every " +
      "100 ms. With `Last-Event-ID` the stream goes on behind that event; `gap` says that some are lost for you, " +
      "`dropped` that you read too slowly: connect again. A comment every 15 s keeps proxies from hanging up.",
    parameters: [
      {
        name: "types",
        in: "query" as const,
        schema: { type: "string" as const },
        example: "payment.settled,deadLetter",
        description: "Only these types, separated by commas; `payment` stands for all `payment.…`.",
      },
      { name: "Last-Event-ID", in: "header" as const, schema: { type: "string" as const } },
    ],
    responses: {
      200: {
        description: "The stream.",
        content: {
          "text/event-stream": {
            example:
              'id: 3f1c9a02-17\ndata: {"type":"payment.settled","at":"2025-07-15T12:34:56.131Z","replica":"one",' +
              '"id":"4a7901b8-7d26-4d9d-aa19-4dc1c7cf60b3","amount":19.9,"processor":"default","fee":1,"latencyMs":4.2}\n\n',
          },
        },
      },
      503: problemAnswer("Too many clients listen already; see Retry-After."),
    },
  },
};
