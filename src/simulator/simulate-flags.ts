/** The flags of `catraca simulate` that are no settings of the service. */
import { port, type Setting, type SettingValue, seconds } from "../config/setting.ts";
import { word } from "../config/text-settings.ts";

const ROWS = {
  "--port-default": port(8001, "TCP port of the default processor; 0 takes any free one."),
  "--port-fallback": port(8002, "TCP port of the fallback processor; 0 takes any free one."),
  "--port-gateway": port(8003, "TCP port of the payment gateway; 0 takes any free one."),
  "--port-bank": port(8004, "TCP port of the bank; 0 takes any free one."),
  "--port-card-gateway": port(8005, "TCP port of the card gateway; 0 takes any free one."),
  "--rate-limit-seconds": seconds(5, [0.01, 3600], "A processor lets one health call in per this time."),
  "--token": word("123", "`X-Rinha-Token` of the processors' administrator's calls."),
};

type ValueOf<Row> = Row extends Setting<infer Value> ? Value : never;

export type SimulateOptions = { readonly [Name in keyof typeof ROWS]: ValueOf<(typeof ROWS)[Name]> };

/** For the table of commands. */
export const SIMULATE_FLAGS = Object.entries<Setting>(ROWS).map(([flag, { meaning, defaultText }]) => ({
  flag,
  takesValue: true,
  meaning: `${meaning} Default: ${defaultText}.`,
}));

/** Reads the flags as given; a problem names the flag, what was expected and what came. */
export function readSimulateOptions(
  given: ReadonlyMap<string, string>,
):
  | { readonly kind: "options"; readonly options: SimulateOptions }
  | { readonly kind: "problems"; readonly problems: readonly string[] } {
  const problems: string[] = [];
  const values: [string, SettingValue | undefined][] = Object.entries<Setting>(ROWS).map(([flag, row]) => {
    const text = given.get(flag);
    // None of the rows above has a default that is derived from others.
    if (text === undefined) return [flag, row.defaultValue as SettingValue];
    const value = row.parse(text);
    if (value === undefined) problems.push(`${flag}: expected ${row.expected}, got "${text}".`);
    return [flag, value];
  });
  if (problems.length > 0) return { kind: "problems", problems };
  // Each value is its row's default or what its row's parse() gave, and without problems none is missing.
  return { kind: "options", options: Object.fromEntries(values) as SimulateOptions };
}
