/**
 * What one row of the settings table is made of, and the kinds of values a row can have.
 *
 * Everything a person types is parsed here and nowhere else. A kind refuses what it does not understand
 * completely: a half-understood number is worse than a start that ends with a clear message.
 */
export type SettingValue = number | boolean | string | null;

/** What a default may be derived from. */
export interface DefaultContext {
  readonly dataDir: string;
  readonly hostname: string;
}

export interface Setting<Value extends SettingValue = SettingValue> {
  /** Short name of the kind, shown as `<seconds>` in the help; `boolean` flags take no value. */
  readonly kind: string;
  /** Completes the sentence "expected …". */
  readonly expected: string;
  readonly defaultValue: Value | ((context: DefaultContext) => Value);
  /** The default as the documentation shows it. */
  readonly defaultText: string;
  readonly meaning: string;
  /** Other environment names of the same setting (the originals' names). */
  readonly aliases: readonly string[];
  /** True: never echoed or printed, and also readable from a file through `<NAME>_FILE`. */
  readonly secret: boolean;
  /** The value, or undefined when the text is not what `expected` says. */
  readonly parse: (text: string) => Value | undefined;
}

type Range = readonly [minimum: number, maximum: number];

/** Plain decimal notation only: no sign, exponent, hexadecimal, blank or digit separator. */
const DECIMAL = /^(?:\d+\.?\d*|\.\d+)$/;

function decimalsOf(text: string): number {
  const fraction = text.split(".")[1] ?? "";
  return fraction.replace(/0+$/, "").length;
}

function decimal(
  kind: string,
  defaultValue: number,
  [minimum, maximum]: Range,
  decimals: number,
  meaning: string,
): Setting<number> {
  const what = decimals === 0 ? "a whole number" : "a number";
  const precision = decimals === 0 ? "" : ` with at most ${decimals} decimals`;
  return {
    kind,
    expected: `${what} from ${minimum} to ${maximum}${precision}`,
    defaultValue,
    defaultText: String(defaultValue),
    meaning,
    aliases: [],
    secret: false,
    parse: (text) => {
      if (!DECIMAL.test(text) || decimalsOf(text) > decimals) return undefined;
      const value = Number(text);
      return value >= minimum && value <= maximum ? value : undefined;
    },
  };
}

/** A whole number within `range`, both ends included. */
export const integer = (value: number, range: Range, meaning: string): Setting<number> =>
  decimal("integer", value, range, 0, meaning);

/** A TCP port; 0 lets the system pick a free one. */
export const port = (value: number, meaning: string): Setting<number> =>
  decimal("port", value, [0, 65_535], 0, meaning);

/** Seconds with fractions, to the millisecond: finer than a timer can be is a mistake. */
export const seconds = (value: number, range: Range, meaning: string): Setting<number> =>
  decimal("seconds", value, range, 3, meaning);

/** A share of 1. Six decimals, so that it is a whole number of millionths and fees stay exact. */
export const share = (value: number, meaning: string): Setting<number> =>
  decimal("share", value, [0, 1], 6, meaning);

/** Percent. Four decimals, so that it too is a whole number of millionths. */
export const percent = (value: number, meaning: string): Setting<number> =>
  decimal("percent", value, [0, 100], 4, meaning);

const TRUE_WORDS: readonly string[] = ["true", "1", "yes", "on"];
const FALSE_WORDS: readonly string[] = ["false", "0", "no", "off"];

/** A switch: `--name`, `--no-name`, `NAME=true`. */
export function boolean(defaultValue: boolean, meaning: string): Setting<boolean> {
  return {
    kind: "boolean",
    expected: "true or false",
    defaultValue,
    defaultText: String(defaultValue),
    meaning,
    aliases: [],
    secret: false,
    parse: (text) => {
      const word = text.toLowerCase();
      if (TRUE_WORDS.includes(word)) return true;
      return FALSE_WORDS.includes(word) ? false : undefined;
    },
  };
}

/** One of a few words, compared exactly. */
export function choice<const Word extends string>(
  words: readonly Word[],
  defaultValue: NoInfer<Word>,
  meaning: string,
): Setting<Word> {
  return {
    kind: words.join("|"),
    expected: `one of ${words.join(", ")}`,
    defaultValue,
    defaultText: defaultValue,
    meaning,
    aliases: [],
    secret: false,
    parse: (text) => words.find((word) => word === text),
  };
}

interface TextRule {
  readonly kind: string;
  readonly pattern: RegExp;
  readonly expected: string;
}

/** Text that matches a pattern. */
export function text(defaultValue: string, rule: TextRule, meaning: string): Setting<string> {
  return {
    kind: rule.kind,
    expected: rule.expected,
    defaultValue,
    defaultText: defaultValue,
    meaning,
    aliases: [],
    secret: false,
    parse: (given) => (rule.pattern.test(given) ? given : undefined),
  };
}

/** The same text setting with a default computed at start; `defaultText` describes it. */
export function derived(
  setting: Setting<string>,
  defaultText: string,
  compute: (context: DefaultContext) => string,
): Setting<string> {
  return { ...setting, defaultText, defaultValue: compute };
}

/** The same setting, unset unless given; `defaultText` says what happens then. */
export function optional(setting: Setting<string>, defaultText: string): Setting<string | null> {
  return { ...setting, defaultText, defaultValue: null };
}

/** The same setting under more environment names. */
export function alsoNamed<Value extends SettingValue>(
  setting: Setting<Value>,
  aliases: readonly string[],
): Setting<Value> {
  return { ...setting, aliases };
}
