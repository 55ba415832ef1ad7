import { wholeBetween } from "../e2e/seed.ts";
import { pick } from "../simulation/seeded-random.ts";
import type { Operation, Parameter, Schema } from "./api-document.ts";
import { hostileText, spoilBody, writeWild } from "./hostile-json.ts";
import type { KnownIds } from "./known-ids.ts";
import { makeHeaders } from "./request-headers.ts";
import { makeValue } from "./schema-values.ts";

export interface FuzzRequest {
  readonly operation: Operation;
  readonly method: string;
  readonly target: string;
  readonly bytes: Uint8Array;
  /** The value that the body was written from, before anything was done to it. */
  readonly value: unknown;
  /** Nothing of it was made wrong on purpose. */
  readonly isTame: boolean;
}

/**
 * Makes a request for `operation`: often right in form, often wrong in one place, sometimes wrong all over.
 * @param wildness how likely each part of it is made wrong; 0 makes it as the document asks for it
 */
export function makeRequest(
  random: () => number,
  operation: Operation,
  known: KnownIds,
  wildness = pick(random, [0, 0, 0, 0.1, 0.1, 0.4]),
): FuzzRequest {
  const method = wildness > 0 && random() < 0.06 ? pick(random, METHODS) : operation.method;
  const target = makeTarget(random, operation, known, wildness);
  const value = operation.body === null ? null : makeBody(random, operation, operation.body, known);
  const takesBody = value !== null || random() < wildness / 4;
  let body: Uint8Array = EMPTY;
  if (takesBody) {
    const written = writeWild(random, value, wildness / 2);
    // Not our payments' ids: what others record under them may be what no payment can be settled with (-1.00).
    const text = operation.isForeign
      ? written.replaceAll(/[0-9a-f]{8}(?=-[0-9a-f]{4}-)/gi, "f0e1d2c3")
      : written;
    body = random() < wildness / 3 ? spoilBody(random, text) : Buffer.from(text);
  }
  const lines = [
    `${method} ${target} HTTP/1.1`,
    "Host: 127.0.0.1",
    ...makeHeaders(random, operation, takesBody, wildness),
  ];
  if (takesBody || method === "POST") lines.push(`Content-Length: ${body.length}`);
  // Latin-1: a header may hold any byte.
  const head = Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
  return {
    operation,
    method,
    target,
    bytes: Buffer.concat([head, body]),
    value,
    isTame: wildness === 0 && method === operation.method,
  };
}

const EMPTY = Buffer.alloc(0);
const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "QUERY"];

function makeTarget(
  random: () => number,
  { path, parameters }: Operation,
  known: KnownIds,
  wildness: number,
): string {
  const segment = (parameter: Parameter | undefined) =>
    // An empty one would be another route.
    (random() < wildness ? hostileSegment(random) : encoded(argumentOf(random, path, parameter, known))) ||
    "%20";
  let target = path.replace(/\{(\w+)\}/g, (_, name: string) =>
    segment(parameters.find((parameter) => parameter.name === name)),
  );
  if (random() < 0.05) target = target.endsWith("/") && target !== "/" ? target.slice(0, -1) : `${target}/`;
  const query: string[] = [];
  for (const parameter of parameters) {
    if (parameter.in !== "query") continue;
    for (let times = pick(random, [0, 1, 1, 1]) + (random() < wildness ? 1 : 0); times > 0; times--) {
      const name = random() < wildness / 4 ? `${parameter.name}[]` : parameter.name;
      const text =
        random() < wildness ? hostileSegment(random) : encoded(argumentOf(random, path, parameter, known));
      query.push(`${name}=${text}`);
    }
  }
  if (random() < wildness) query.push(pick(random, STRAY_QUERIES));
  if (query.length > 0) target += `?${query.join("&")}`;
  return target.slice(0, 9_000);
}

const STRAY_QUERIES = [
  "",
  "&&&",
  "=",
  "x",
  "__proto__=1",
  "constructor=x",
  "%=%",
  "a=%00",
  "limit",
  "a[b]=c",
];

/** Text for a path or query, percent-encoded well, badly or not at all. */
function hostileSegment(random: () => number): string {
  return pick(random, [
    () => encoded(hostileText(random)),
    () => encoded(hostileText(random)),
    () =>
      pick(random, [
        "%",
        "%zz",
        "%00",
        "%ff",
        "%c3%28",
        "%2f",
        "%2F..%2F..",
        "..",
        "%2e%2e",
        ".",
        ";a=b",
        "*",
        "",
      ]),
    () =>
      pick(random, [
        "-1",
        "0",
        "01",
        "1e3",
        "0x10",
        "9007199254740993",
        "9223372036854775808",
        "1.5",
        "+1",
        "%201",
      ]),
    () => pick(random, ["__proto__", "constructor", "undefined", "null", "NaN", "true", "{id}", ":id"]),
    () => "a".repeat(wholeBetween(random, 1, 4_000)),
  ])();
}

function encoded(value: unknown): string {
  return encodeURIComponent(String(value).toWellFormed().slice(0, 1_000));
}

function argumentOf(
  random: () => number,
  path: string,
  parameter: Parameter | undefined,
  known: KnownIds,
): unknown {
  const { name, schema, in: place } = parameter ?? { name: "", schema: {}, in: "path" };
  if (schema.enum !== undefined) return pick(random, schema.enum);
  if (name === "source") return pick(random, ["payments", "orders", "users", "account-payments", "wallets"]);
  const isId = place === "path" || name === "cursor" || name === "id";
  if (isId && random() < 0.8) {
    const value = known.draw(random, path, name === "cursor" ? "next" : name);
    if (value !== undefined) return value;
  }
  return makeValue(random, schema);
}

function makeBody(random: () => number, { path }: Operation, schema: Schema, known: KnownIds): unknown {
  const value = makeValue(random, schema);
  if (typeof value !== "object" || value === null) return value;
  const fields: Record<string, unknown> = { ...value };
  for (const name of ["user_id", "correlationId", "reference_id"]) {
    if (!(name in fields) || path === "/reserve" || random() < 0.2) continue;
    const id = known.draw(
      random,
      name === "user_id" ? "/api/v1/users" : path,
      name === "user_id" ? "" : name,
    );
    if (id !== undefined) fields[name] = id;
  }
  if (path === "/reserve") Object.assign(fields, random() < 0.8 ? known.purchase(random) : null);
  if (path === "/payment") {
    const produto = random() < 0.9 ? known.order(random) : null;
    if (produto !== null) fields["produto"] = produto;
    fields["card"] = { ...CARD, card_exp_year: pick(random, [2099, 99, 2020]) };
  }
  return fields;
}

/** A number that card schemes keep for tests. */
const CARD = { card_number: "4111111111111111", card_exp_month: 12, card_security_code: "123" };
