import { Cell } from "./cell.ts";

/** What the visitor chose; "system" follows the device. */
export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

const KEY = "catraca.theme";
const deviceIsDark = matchMedia("(prefers-color-scheme: dark)");

export const theme = new Cell<Theme>(readTheme());
/** What is shown: charts have to be drawn again when it changes. */
export const isDark = new Cell(false);

export function chooseTheme(chosen: Theme): void {
  localStorage.setItem(KEY, chosen);
  theme.set(chosen);
  applyTheme();
}

/** Writes the choice to the page, where the style sheet reads it. */
export function applyTheme(): void {
  const dark = theme.value === "system" ? deviceIsDark.matches : theme.value === "dark";
  document.documentElement.dataset["theme"] = dark ? "dark" : "light";
  isDark.set(dark);
}

deviceIsDark.addEventListener("change", applyTheme);

function readTheme(): Theme {
  const stored = localStorage.getItem(KEY);
  return THEMES.find((name) => name === stored) ?? "system";
}
