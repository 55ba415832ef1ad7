import { pick } from "../simulation/seeded-random.ts";

/**
 * JSON as text and not as values, because much of what a client can send has no value in JavaScript: 1e309, -0, the
 * same field twice, a field called __proto__, half a surrogate pair as bytes of its own.
 */
const HOSTILE_TEXTS: readonly string[] = [
  "null",
  "true",
  "false",
  "0",
  "-0",
  "-0.0",
  "-1",
  "0.001",
  "19.999",
  "1e3",
  "1E+2",
  "1e309",
  "-1e309",
  "1e-400",
  "5e-324",
  "9999999999.99",
  "10000000000",
  "9007199254740991",
  "9007199254740993",
  "9223372036854775807",
  "9223372036854775808",
  "99999999999999999999999999999999",
  `0.${"3".repeat(400)}`,
  "9".repeat(2_000),
  '""',
  '" "',
  '"0"',
  '"-1"',
  '"+1"',
  '"1e3"',
  '"0x10"',
  '"1,00"',
  '"19.90 "',
  '"NaN"',
  '"Infinity"',
  '"\\u0661\\u0662"',
  '"\\u0000"',
  '"a\\u0000b"',
  '"\\ud800"',
  '"\\udfff\\ud800"',
  '"\\u202e"',
  '"\\ufeff"',
  '"\u2028"',
  '"é́"',
  `"${"a".repeat(65)}"`,
  `"${"é".repeat(1_001)}"`,
  `"${"a".repeat(20_000)}"`,
  `"${"\\ud83d\\ude00".repeat(300)}"`,
  '"\'; DROP TABLE payments; --"',
  '"../../etc/passwd"',
  '"%00"',
  '"%s%n{{7*7}}"',
  '"<script>"',
  '"__proto__"',
  '"constructor"',
  '"toString"',
  '"2025-07-15T00:00:00Z"',
  '"2025-02-30T00:00:00Z"',
  '"+275760-09-13T00:00:00.001Z"',
  '"4a7901b8-7d26-4d9d-aa19-4dc1c7cf60b3"',
  '"4A7901B8-7D26-4D9D-AA19-4DC1C7CF60B3"',
  '"00000000-0000-0000-0000-000000000000"',
  "[]",
  "[[]]",
  "[null]",
  "[19.9]",
  `[${"0,".repeat(5_000)}0]`,
  "{}",
  '{"":0}',
  '{"__proto__":{"amount":1}}',
  '{"constructor":{"prototype":{}}}',
  '{"toString":1,"valueOf":2}',
  '{"length":-1}',
  `${"[".repeat(63)}${"]".repeat(63)}`,
  `${"[".repeat(65)}${"]".repeat(65)}`,
  `${'{"a":'.repeat(60)}1${"}".repeat(60)}`,
];

const EXTRA_FIELDS: readonly string[] = [
  '"__proto__":{"amount":1}',
  '"constructor":1',
  '"hasOwnProperty":null',
  '"":""',
  '"status":"settled"',
  '"id":1',
  '"correlationId":"4a7901b8-7d26-4d9d-aa19-4dc1c7cf60b3"',
  '"userId":"4a7901b8-7d26-4d9d-aa19-4dc1c7cf60b3"',
  '"\\u0061mount":1',
  `"${"k".repeat(5_000)}":0`,
  Array.from({ length: 2_000 }, (_, index) => `"f${index}":${index}`).join(","),
];

/** `value` as JSON in which each part is replaced, left out, doubled or joined by others with probability `wildness`. */
export function writeWild(random: () => number, value: unknown, wildness: number): string {
  if (random() < wildness) return pick(random, HOSTILE_TEXTS);
  if (Array.isArray(value)) return `[${value.map((item) => writeWild(random, item, wildness)).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const fields: string[] = [];
  for (const [name, field] of Object.entries(value)) {
    const text = () => `${JSON.stringify(name)}:${writeWild(random, field, wildness)}`;
    if (random() < wildness / 2) continue;
    fields.push(text());
    // Twice the same name, mostly with two values.
    if (random() < wildness / 2) fields.push(text());
  }
  if (random() < wildness) fields.push(pick(random, EXTRA_FIELDS));
  if (random() < wildness) fields.reverse();
  return `{${fields.join(",")}}`;
}

/** A text for a place that is no JSON: a path segment or a query, not encoded yet. */
export function hostileText(random: () => number): string {
  const text = pick(random, HOSTILE_TEXTS).slice(0, 3_000);
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "string" ? value : text;
  } catch {
    return text;
  }
}

/** What is done to a body as a whole, as bytes. */
export function spoilBody(random: () => number, body: string): Uint8Array {
  const bytes = Buffer.from(body);
  const at = Math.floor(random() * (bytes.length + 1));
  return pick<() => Uint8Array>(random, [
    () => EMPTY,
    () => Buffer.from("   \n"),
    () => bytes.subarray(0, at),
    () => Buffer.concat([bytes, bytes]),
    () => Buffer.concat([bytes, Buffer.from("\0")]),
    () => Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), bytes]),
    () => Buffer.from(body, "utf16le"),
    () => Buffer.concat([bytes.subarray(0, at), Buffer.from([0xff, 0xfe, 0xc0]), bytes.subarray(at)]),
    () => Buffer.concat([bytes.subarray(0, at), Buffer.from([0xed, 0xa0, 0x80]), bytes.subarray(at)]),
    () => Buffer.concat([bytes.subarray(0, at), bytes.subarray(Math.min(bytes.length, at + 3))]),
    () => Buffer.concat([bytes, Buffer.alloc(65_536 - Math.min(bytes.length, 65_536), 0x20)]),
    () => Buffer.concat([bytes, Buffer.alloc(65_537, 0x20)]),
    () => Buffer.alloc(200_000, 0x5b),
    () => Buffer.from("[".repeat(30_000)),
    () => Bun.gzipSync(bytes),
    () => Buffer.from(pick(random, HOSTILE_TEXTS)),
  ])();
}

const EMPTY = Buffer.alloc(0);
