import { jsonAnswer, PAGE_PARAMETERS, pathParameter, problemAnswer } from "../../http/route-docs.ts";

/** What the OpenAPI document says of the topics. */
const TAGS = ["Topics"];
const NUMBER = { type: "integer" as const, minimum: 0 };

export const topicDocs = {
  list: {
    tags: TAGS,
    summary: "All topics and their partitions",
    description:
      "`depth` counts the messages that are kept; offsets go on when old ones are forgotten. With `TOPIC_STREAMS` the " +
      "same messages are in Redis Streams of the same names.",
    responses: {
      200: jsonAnswer("The topics.", {
        items: [
          {
            name: "order_queue",
            partitions: [{ partition: 0, firstOffset: 0, lastOffset: 41, depth: 42, oldestAgeSeconds: 12.5 }],
          },
        ],
      }),
    },
  },
  messages: {
    tags: TAGS,
    summary: "Messages of a topic",
    description:
      "Newest first, over all partitions or one. With `partition` and `offset`: from that offset on, oldest " +
      "first, as a consumer reads. Messages of one key are in one partition and keep their order.\n\n" +
      "With `Accept: text/event-stream` it is a live tail: each new message as an event, from now on, from `offset`, " +
      "or from `Last-Event-ID`.",
    parameters: [
      pathParameter("name", { type: "string" }),
      { name: "partition", in: "query" as const, schema: NUMBER },
      { name: "offset", in: "query" as const, schema: NUMBER },
      ...PAGE_PARAMETERS,
    ],
    responses: {
      200: jsonAnswer("A page.", {
        items: [
          {
            partition: 1,
            offset: 7,
            key: "0198c2a4-6d1e-7c3b-9a55-2f6f7f1d9e10",
            value: { payment_id: "0198c2a4-6d1e-7c3b-9a55-2f6f7f1d9e10", status: "AUTHORIZED" },
            headers: { attempt: "1" },
            time: "2025-07-15T12:34:56.123Z",
          },
        ],
        next: null,
      }),
      404: problemAnswer("There is no such topic."),
      422: problemAnswer("A parameter is not valid."),
    },
  },
};
