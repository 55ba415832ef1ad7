/**
 * One text for every way to write the same JSON value: no white space, the names of an object in order. Two
 * bodies are the same request exactly if these texts are equal; `1.0` and `1` are one number, `"1"` is another
 * value.
 * @param value as JSON.parse gave it
 */
export function canonicalJson(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  const members = Object.entries(value)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`);
  return `{${members.join(",")}}`;
}
