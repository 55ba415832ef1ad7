/**
 * Reads settings from environment variables.
 *
 * A setting answers to its name, its aliases, each of them with the prefix CATRACA_ and, if it is a secret,
 * each of those with _FILE. A name with the prefix wins over one without (that is what it is for); two names
 * of the same rank must agree. An empty variable counts as unset: compose files write `PORT=${PORT:-}`.
 */
import { suggestion } from "./closest.ts";
import { NAME_PREFIX, OWN_PREFIXES } from "./names.ts";
import { type NamedSetting, SETTINGS } from "./settings.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

export interface GivenVariable {
  readonly name: string;
  /** The value, or the path of the file that holds it. */
  readonly text: string;
  readonly isFile: boolean;
}

/** The variables that give this setting, all of the same rank; none when it is not given. */
export function variablesOf(setting: NamedSetting, environment: Environment): readonly GivenVariable[] {
  for (const prefix of [NAME_PREFIX, ""]) {
    const given = namesOf(setting, prefix).flatMap(({ name, isFile }) => {
      const text = environment[name] ?? "";
      return text === "" ? [] : [{ name, text, isFile }];
    });
    if (given.length > 0) return given;
  }
  return [];
}

/** One message for each variable that begins like ours but is none. The value is not repeated. */
export function unknownVariables(environment: Environment): readonly string[] {
  const known = SETTINGS.flatMap((setting) =>
    [NAME_PREFIX, ""].flatMap((prefix) => namesOf(setting, prefix).map(({ name }) => name)),
  );
  return Object.entries(environment)
    .filter(([name, value]) => value !== undefined && value !== "" && !known.includes(name))
    .filter(([name]) => OWN_PREFIXES.some((prefix) => name.startsWith(prefix)))
    .map(([name]) => {
      const sameRank = known.filter(
        (other) => other.startsWith(NAME_PREFIX) === name.startsWith(NAME_PREFIX),
      );
      return `${name}: this environment variable begins like a setting but is none.${suggestion(name, sameRank)}`;
    })
    .sort();
}

function namesOf(setting: NamedSetting, prefix: string): readonly { name: string; isFile: boolean }[] {
  return [setting.name, ...setting.aliases].flatMap((name) => [
    { name: prefix + name, isFile: false },
    ...(setting.secret ? [{ name: `${prefix}${name}_FILE`, isFile: true }] : []),
  ]);
}
