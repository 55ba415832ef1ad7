/** Values that a schema of the OpenAPI document asks for. */
import { wholeBetween } from "../e2e/seed.ts";
import { pick } from "../simulation/seeded-random.ts";
import type { Schema } from "./api-document.ts";

/** A valid value, sometimes at the edge of what the schema allows or one step behind it. */
export function makeValue(random: () => number, schema: Schema): unknown {
  if (schema.oneOf !== undefined) {
    const value = makeValue(random, pick(random, schema.oneOf));
    // The union of number and text is an amount or an id: a text of it has digits.
    return typeof value === "string" && !schema.oneOf.some(({ type }) => type === "object")
      ? String(wholeBetween(random, 1, 100))
      : value;
  }
  if (schema.enum !== undefined) return pick(random, schema.enum);
  switch (schema.type) {
    case "integer":
    case "number":
      return makeNumber(random, schema);
    case "boolean":
      return random() < 0.5;
    case "array":
      return [makeValue(random, schema.items ?? {})];
    case "object":
      return Object.fromEntries(
        Object.entries(schema.properties ?? {})
          .filter(([name]) => schema.required?.includes(name) === true || random() < 0.5)
          .map(([name, property]) => [name, makeValue(random, property)]),
      );
    default:
      return makeText(random, schema);
  }
}

function makeNumber(random: () => number, { type, minimum = 1, maximum = 100 }: Schema): number {
  const edge = random() < 0.1 ? pick(random, [minimum, maximum]) : null;
  const past = random() < 0.05 ? pick(random, [minimum - 1, maximum + 1]) : null;
  const between = minimum + random() * (maximum - minimum);
  const digits = type === "integer" ? 1 : 100;
  return past ?? edge ?? Math.round(between * digits) / digits;
}

function makeText(random: () => number, { format, minLength = 0, maxLength }: Schema): string {
  if (format === "uuid") return makeUuid(random);
  if (format === "date-time") return new Date(Date.now() - random() * 120_000).toISOString();
  if (random() < 0.1) return "x".repeat(minLength);
  if (maxLength !== undefined && random() < 0.15) return "é".repeat(maxLength + wholeBetween(random, 0, 1));
  return String(wholeBetween(random, 1, 1_000_000));
}

/** Few at first, so that they meet again. */
function makeUuid(random: () => number): string {
  const space = pick(random, [50, 2 ** 32]);
  const digits = wholeBetween(random, 0, space).toString(16).padStart(12, "0");
  return `4a7901b8-7d26-4d9d-aa19-${digits}`;
}
