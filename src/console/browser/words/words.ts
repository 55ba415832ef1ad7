import { Cell } from "../cell.ts";
import { setLocale } from "../format.ts";
import { en, type WordKey } from "./en.ts";
import { pt } from "./pt.ts";
import { ru } from "./ru.ts";

interface Language {
  /** In the language itself. */
  readonly name: string;
  /** How numbers and dates are written. */
  readonly locale: string;
  readonly words: Readonly<Record<WordKey, string>>;
}

export const LANGUAGES = {
  en: { name: "English", locale: "en-GB", words: en },
  pt: { name: "Português", locale: "pt-BR", words: pt },
  ru: { name: "Русский", locale: "ru-RU", words: ru },
} as const satisfies Readonly<Record<string, Language>>;
export type LanguageCode = keyof typeof LANGUAGES;

const KEY = "catraca.language";

export const language = new Cell<LanguageCode>(readLanguage());

export function chooseLanguage(code: string): void {
  if (!isLanguage(code)) return;
  localStorage.setItem(KEY, code);
  language.set(code);
  applyLanguage();
}

/** Tells the page and the formatters, before anything is drawn. */
export function applyLanguage(): void {
  document.documentElement.lang = language.value;
  setLocale(LANGUAGES[language.value].locale);
}

/**
 * The words for a key in the chosen language, with its values put in.
 *
 * @example t("list.shown", { count: 50 })
 */
export function t(key: WordKey, values: Readonly<Record<string, string | number>> = {}): string {
  const words: string = LANGUAGES[language.value].words[key];
  return words.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** A name that the service gave: translated if it is known here, readable in any case. */
function named(group: string, name: string): string {
  const key = `${group}.${name.toLowerCase()}`;
  // Only the keys of `en` are in it.
  if (Object.hasOwn(en, key)) return t(key as WordKey);
  return name
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .replace(/[_-]/g, " ")
    .toLowerCase();
}

export const stateName = (name: string): string => named("state", name);
export const sourceName = (name: string): string => named("source", name);
export const eventName = (name: string): string => named("event", name);
export const partName = (name: string): string => named("part", name);
export const factName = (name: string): string => named("fact", name);
export const entryName = (name: string): string => named("entry", name);
export const kindName = (name: string): string => named("kind", name);
export const reasonName = (name: string): string => named("reason", name);
export const upstreamName = (name: string): string => named("upstream", name);
export const redisName = (name: string): string => named("redis", name);
export const durabilityName = (name: string): string => named("durability", name);
export const faultName = (name: string): string => named("fault", name);

/** What was chosen here, or the first language of the browser that is known. */
function readLanguage(): LanguageCode {
  const wanted = [localStorage.getItem(KEY) ?? "", ...navigator.languages];
  return wanted.map((code) => code.slice(0, 2)).find(isLanguage) ?? "en";
}

function isLanguage(code: string): code is LanguageCode {
  return Object.hasOwn(LANGUAGES, code);
}
