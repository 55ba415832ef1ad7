import { Elysia, t } from "elysia";
import { type FieldError, problem, validationProblem } from "../../http/errors.ts";
import { parseWhole, readLimit } from "../../http/paging.ts";
import { topicDocs } from "./docs.ts";
import type { MessageView, TopicQueries } from "./queries.ts";
import { describeTail, openTail } from "./tail-stream.ts";
import { isTopicName, TOPICS, type TopicName } from "./topics.ts";

interface MessagesQuery {
  readonly partition?: string | undefined;
  readonly offset?: string | undefined;
  readonly limit?: string | undefined;
  readonly cursor?: string | undefined;
}

const QUERY = t.Object({
  partition: t.Optional(t.String()),
  offset: t.Optional(t.String()),
  limit: t.Optional(t.String()),
  cursor: t.Optional(t.String()),
});

/** What was said on the topics, for people and for other systems that want to follow. */
export function topicRoutes(queries: TopicQueries) {
  return new Elysia({ name: "topics" })
    .get("/topics", () => Response.json({ items: queries.topics(Date.now()) }), { detail: topicDocs.list })
    .get(
      "/topics/:name/messages",
      ({ params, query, request, server }) => {
        if (!isTopicName(params.name)) return problem("TOPIC_NOT_FOUND");
        if (request.headers.get("accept")?.includes("text/event-stream") !== true) {
          return answerMessages(queries, params.name, query);
        }
        const tail = answerTail(queries, params.name, query, request);
        // Silence between messages is no reason to close the connection; any other answer leaves it as it was.
        if (tail.body !== null && tail.status === 200) server?.timeout(request, 0);
        return tail;
      },
      { params: t.Object({ name: t.String() }), query: QUERY, detail: topicDocs.messages },
    );
}

/** Newest first over all partitions; from a given offset on, in the order in which a consumer reads. */
function answerMessages(queries: TopicQueries, topic: TopicName, query: MessagesQuery): Response {
  const errors: FieldError[] = [];
  const limit = readLimit(query.limit, errors);
  const partition = readPartition(topic, query.partition, errors);
  const offset = readOffset(query.offset, partition, errors);
  const below = readCursor(topic, partition, query.cursor, errors);
  if (errors.length > 0) return validationProblem(errors);
  if (offset !== null && partition !== null) {
    // Going on from an offset, the cursor is the next one.
    const from = below === null ? offset : (below.get(partition) ?? offset);
    const items = queries.messagesFrom(topic, partition, from, limit);
    const last = items.length < limit ? undefined : items.at(-1);
    return answer(items, last === undefined ? null : `${partition}.${last.offset + 1}`);
  }
  const places = below ?? everythingOf(topic, partition);
  const items = queries.newest(topic, places, limit);
  return answer(items, items.length < limit ? null : cursorBehind(places, items));
}

/** The live tail: from now on, from an offset, or from where an earlier one broke off. */
function answerTail(
  queries: TopicQueries,
  topic: TopicName,
  query: MessagesQuery,
  { method, headers }: Request,
): Response {
  const errors: FieldError[] = [];
  const partition = readPartition(topic, query.partition, errors);
  const offset = readOffset(query.offset, partition, errors);
  const brokenOff = readCursor(topic, partition, headers.get("last-event-id") ?? undefined, errors);
  if (errors.length > 0) return validationProblem(errors);
  if (method === "HEAD") return describeTail();
  const places = new Map<number, number>();
  for (const part of everythingOf(topic, partition).keys()) {
    places.set(part, brokenOff?.get(part) ?? offset ?? queries.endOf(topic, part));
  }
  return openTail(queries, topic, places);
}

function answer(items: readonly MessageView[], next: string | null): Response {
  return Response.json({ items, next });
}

function readPartition(topic: TopicName, text: string | undefined, errors: FieldError[]): number | null {
  if (text === undefined || text === "") return null;
  const partition = parseWhole(text);
  const { partitions } = TOPICS[topic];
  if (partition !== null && partition < partitions) return partition;
  errors.push({ path: "partition", message: `must be a whole number from 0 to ${partitions - 1}` });
  return null;
}

function readOffset(text: string | undefined, partition: number | null, errors: FieldError[]): number | null {
  if (text === undefined || text === "") return null;
  const offset = parseWhole(text);
  if (offset === null) errors.push({ path: "offset", message: "must be a whole number" });
  else if (partition === null) errors.push({ path: "offset", message: "needs a partition" });
  return offset;
}

/** A cursor is `partition.offset` for each partition, joined by hyphens: where each one goes on. */
function readCursor(
  topic: TopicName,
  partition: number | null,
  text: string | undefined,
  errors: FieldError[],
): Map<number, number> | null {
  if (text === undefined || text === "") return null;
  const below = new Map<number, number>();
  for (const place of text.split("-")) {
    const [, number = "", offset = ""] = /^(\d{1,3})\.(\d{1,15})$/.exec(place) ?? [];
    if (offset === "" || Number(number) >= TOPICS[topic].partitions) {
      errors.push({ path: "cursor", message: "must be the value of `next` in an earlier page" });
      return null;
    }
    if (partition === null || partition === Number(number)) below.set(Number(number), Number(offset));
  }
  return below;
}

function everythingOf(topic: TopicName, partition: number | null): Map<number, number> {
  const { partitions } = TOPICS[topic];
  const all = Array.from({ length: partitions }, (_, index) => index);
  return new Map(
    all.filter((index) => partition === null || partition === index).map((index) => [index, OFFSET_END]),
  );
}

/** Beyond every offset, and short enough for a cursor. */
const OFFSET_END = 999_999_999_999_999;

function cursorBehind(places: ReadonlyMap<number, number>, items: readonly MessageView[]): string {
  const behind = new Map(places);
  for (const { partition, offset } of items) behind.set(partition, offset);
  return [...behind].map(([partition, offset]) => `${partition}.${offset}`).join("-");
}
