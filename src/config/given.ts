/** Finds the text that gives a setting, and turns it into a value or into a message. */
import { readFileSync } from "node:fs";
import { MASK } from "../log/redact.ts";
import { type Environment, variablesOf } from "./environment.ts";
import type { SettingValue } from "./setting.ts";
import type { NamedSetting } from "./settings.ts";
import { describeSource, type SettingSource } from "./source.ts";

export interface Given {
  readonly source: SettingSource;
  readonly text: string;
}

type Problem = { readonly problem: string };

/** Undefined: not given, the default holds. */
export type Found = Given | Problem | undefined;

/** Looks at the flags first, then at the environment. */
export function findGiven(
  setting: NamedSetting,
  flags: ReadonlyMap<string, string>,
  environment: Environment,
): Found {
  return findByFlag(setting, flags) ?? findInEnvironment(setting, environment);
}

function findByFlag(setting: NamedSetting, flags: ReadonlyMap<string, string>): Found {
  const text = flags.get(setting.flag);
  const fileFlag = `${setting.flag}-file`;
  const path = setting.secret ? flags.get(fileFlag) : undefined;
  if (text !== undefined && path !== undefined) {
    return { problem: `${setting.name}: given by ${setting.flag} and by ${fileFlag}; keep one of them.` };
  }
  if (path !== undefined) return readSecretFile(setting, fileFlag, path);
  return text === undefined ? undefined : { source: { kind: "flag", name: setting.flag }, text };
}

function findInEnvironment(setting: NamedSetting, environment: Environment): Found {
  const given = variablesOf(setting, environment);
  const first = given[0];
  if (first === undefined) return undefined;
  const other = given.find(({ text, isFile }) => text !== first.text || isFile !== first.isFile);
  if (other !== undefined) {
    return {
      problem: `${setting.name}: given by ${first.name} and differently by ${other.name}; keep one of them.`,
    };
  }
  if (first.isFile) return readSecretFile(setting, first.name, first.text);
  return { source: { kind: "environment", name: first.name }, text: first.text };
}

function readSecretFile(setting: NamedSetting, name: string, path: string): Found {
  try {
    // Editors and `echo` end a file with a line end that is no part of the secret.
    const text = readFileSync(path, "utf8").replace(/[\r\n]+$/, "");
    return { source: { kind: "file", name, path }, text };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "error";
    return { problem: `${setting.name}: expected a readable file at ${path} (${name}), got ${code}.` };
  }
}

/** The value that a text stands for, or the sentence that says what is wrong with it. */
export function readValue(
  setting: NamedSetting,
  { text, source }: Given,
): { readonly value: SettingValue; readonly source: SettingSource } | Problem {
  // `--redis-url=` takes back what the environment set; an empty variable never gets here.
  const cleared = text === "" && source.kind === "flag" && setting.defaultValue === null;
  const value = cleared ? null : setting.parse(text);
  if (value !== undefined) return { value, source };
  const got = setting.secret ? `${text.length} characters (not shown)` : quote(text);
  return {
    problem: `${setting.name} from ${describeSource(source)}: expected ${setting.expected}, got ${got}.`,
  };
}

/**
 * What came, safe to print: no credentials of an address, also of one that lacks its scheme, nothing after "?" or
 * "#", no control characters, bounded.
 */
function quote(text: string): string {
  // Up to the last "@": a password that is not encoded may itself have "@" and "/".
  const shown = text.replace(/^([a-z][a-z\d+.-]*:\/\/)?.*@/is, `$1${MASK}@`).replace(/([?#]).*$/s, "$1…");
  return JSON.stringify(shown.length > 100 ? `${shown.slice(0, 100)}…` : shown);
}
