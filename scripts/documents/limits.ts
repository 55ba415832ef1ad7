import { LIMITS } from "../../src/config/limits.ts";

/** docs/limits.md: every bound of the engine, with its reason. */
export function renderLimits(): string {
  const rows = Object.entries(LIMITS).map(
    ([name, { value, why }]) => `| \`${name}\` | ${format(value)} | ${why} |`,
  );
  return [
    "<!-- Generated from src/config/limits.ts by scripts/generate-docs.ts: change it there. -->",
    "# Limits",
    "",
    "Every buffer has a bound; past it a request is answered 503 with `Retry-After`, unless its row says otherwise. These",
    "are no settings: an operator has no better knowledge to choose them by. The number of connections is bounded by the",
    "system (`LimitNOFILE`) and by nginx in front, see [SECURITY.md](../SECURITY.md).",
    "",
    "| limit | value | why |",
    "| --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
}

function format(value: number): string {
  return value.toLocaleString("en-US");
}
