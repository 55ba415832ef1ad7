/**
 * Settings from the command line and the environment: flag, then environment, then default.
 *
 * All problems are collected, so that a person repairs them in one go, and returned as a value: the caller
 * decides how to end. A message names the setting, where its value came from, what was expected and what
 * came. A secret is never repeated.
 */
import { hostname } from "node:os";
import { resolve } from "node:path";
import { type Flag, parseArguments } from "./arguments.ts";
import { crossCheck } from "./checks.ts";
import { type Environment, unknownVariables } from "./environment.ts";
import { findGiven, readValue } from "./given.ts";
import type { SettingValue } from "./setting.ts";
import { type NamedSetting, SETTINGS, type SettingKey, type Settings } from "./settings.ts";
import type { SettingSource } from "./source.ts";

export type SettingSources = Readonly<Record<SettingKey, SettingSource>>;

export type LoadedSettings =
  | {
      readonly ok: true;
      readonly settings: Settings;
      readonly sources: SettingSources;
      /** What is left of the command line: the command's operands, and its own flags with their text. */
      readonly args: readonly string[];
      readonly options: ReadonlyMap<string, string>;
    }
  | { readonly ok: false; readonly problems: readonly string[] };

export interface LoadOptions {
  /** Flags that are no settings but belong to the command that runs. */
  readonly commandFlags?: readonly Flag[];
  readonly machine?: { readonly hostname: string; readonly workingDirectory: string };
}

/** Reads every setting. `argv` is what follows the command's name. */
export function loadSettings(
  argv: readonly string[],
  environment: Environment,
  options: LoadOptions = {},
): LoadedSettings {
  const machine = options.machine ?? { hostname: hostname(), workingDirectory: process.cwd() };
  const commandFlags = options.commandFlags ?? [];
  const parsed = parseArguments(argv, [...SETTINGS.flatMap(flagsOf), ...commandFlags]);
  const problems = [...parsed.problems, ...unknownVariables(environment)];
  const values = new Map<SettingKey, SettingValue>();
  const sources = new Map<SettingKey, SettingSource>();
  const unread = new Set<SettingKey>();

  for (const setting of SETTINGS) {
    const found = findGiven(setting, parsed.values, environment);
    const read = found === undefined || "problem" in found ? found : readValue(setting, found);
    if (read === undefined) {
      sources.set(setting.key, { kind: "default" });
    } else if ("problem" in read) {
      problems.push(read.problem);
      unread.add(setting.key);
    } else {
      values.set(setting.key, read.value);
      sources.set(setting.key, read.source);
    }
  }

  const settings = complete(values, machine);
  problems.push(...crossCheck(settings, unread));
  if (problems.length > 0) return { ok: false, problems };
  return {
    ok: true,
    settings,
    // Without problems the loop above has set a source for every row.
    sources: Object.fromEntries(sources) as SettingSources,
    args: parsed.operands,
    options: new Map(commandFlags.flatMap(({ flag }) => pairs(flag, parsed.values.get(flag)))),
  };
}

function pairs(flag: string, text: string | undefined): [string, string][] {
  return text === undefined ? [] : [[flag, text]];
}

function flagsOf(setting: NamedSetting): readonly Flag[] {
  const flag = { flag: setting.flag, takesValue: setting.kind !== "boolean" };
  // A secret on the command line is visible to every user of the machine; a file's path may be.
  return setting.secret ? [flag, { flag: `${setting.flag}-file`, takesValue: true }] : [flag];
}

/** Fills in defaults, those that depend on other settings last, and makes paths absolute. */
function complete(
  given: ReadonlyMap<SettingKey, SettingValue>,
  machine: { readonly hostname: string; readonly workingDirectory: string },
): Settings {
  const values = new Map(given);
  const derivedLast = SETTINGS.toSorted((a, b) => Number(isDerived(a)) - Number(isDerived(b)));
  for (const setting of derivedLast) {
    const { key, defaultValue, kind } = setting;
    const context = { dataDir: String(values.get("dataDir")), hostname: machine.hostname };
    const fallback = typeof defaultValue === "function" ? defaultValue(context) : defaultValue;
    const value = values.get(key) ?? fallback;
    values.set(
      key,
      kind === "path" && typeof value === "string" ? resolve(machine.workingDirectory, value) : value,
    );
  }
  // Every row of the table has a value now, of the type its own parse() or default has.
  return Object.fromEntries(values) as Settings;
}

function isDerived(setting: NamedSetting): boolean {
  return typeof setting.defaultValue === "function";
}
