import { useEffect, useState } from "preact/hooks";
import { useCell } from "./cell.ts";
import { Icon, type IconName } from "./components/icon.tsx";
import { PAGE_NAMES, type PageName } from "./page-names.ts";
import { linkTo, route } from "./route.ts";
import { SignInButton } from "./sign-in.tsx";
import { chooseTheme, THEMES, theme } from "./theme.ts";
import { chooseLanguage, LANGUAGES, language, t } from "./words/words.ts";

const ICONS: Readonly<Record<PageName, IconName>> = {
  overview: "chart",
  pay: "send",
  payments: "list",
  "dead-letters": "inbox",
  topics: "box",
  accounts: "wallet",
  shop: "card",
  simulator: "sliders",
};

/** The name, the navigation and what concerns all pages. On a phone the navigation opens with a button. */
export function Header() {
  const { page } = useCell(route);
  const [open, setOpen] = useState(false);
  // the way has been chosen
  useEffect(() => setOpen(false), [page]);
  return (
    <header class={`side ${open ? "open" : ""}`}>
      <div class="brand">
        <a href="#/overview" class="logo">
          <Turnstile /> catraca
        </a>
        <button
          type="button"
          class="icon-button menu"
          aria-expanded={open}
          aria-controls="navigation"
          aria-label={t("shell.menu")}
          onClick={() => setOpen(!open)}
        >
          <Icon name={open ? "close" : "menu"} />
        </button>
      </div>
      <div class="side-body" id="navigation">
        <nav aria-label={t("shell.navigation")}>
          {PAGE_NAMES.map((name) => (
            <a key={name} href={linkTo(name)} aria-current={name === page ? "page" : undefined}>
              <Icon name={ICONS[name]} />
              {t(`nav.${name}`)}
            </a>
          ))}
        </nav>
        <div class="side-foot">
          <SignInButton />
          <ThemeSwitch />
          <LanguageChoice />
          <p class="links">
            <a href="/docs">{t("shell.api")}</a> · <a href="/metrics">{t("shell.metrics")}</a>
          </p>
        </div>
      </div>
    </header>
  );
}

const THEME_ICONS = { system: "system", light: "sun", dark: "moon" } as const;

function ThemeSwitch() {
  const chosen = useCell(theme);
  return (
    <fieldset class="theme">
      <legend class="visually-hidden">{t("theme.title")}</legend>
      {THEMES.map((name) => (
        <label key={name} title={t(`theme.${name}`)}>
          <input
            type="radio"
            name="theme"
            class="visually-hidden"
            checked={name === chosen}
            onChange={() => chooseTheme(name)}
          />
          <Icon name={THEME_ICONS[name]} />
          <span class="visually-hidden">{t(`theme.${name}`)}</span>
        </label>
      ))}
    </fieldset>
  );
}

function LanguageChoice() {
  const chosen = useCell(language);
  return (
    <select
      class="quiet-select"
      aria-label={t("shell.language")}
      onChange={({ currentTarget }) => chooseLanguage(currentTarget.value)}
    >
      {Object.entries(LANGUAGES).map(([code, { name }]) => (
        <option key={code} value={code} selected={code === chosen} lang={code}>
          {name}
        </option>
      ))}
    </select>
  );
}

/** Three arms of a turnstile. */
function Turnstile() {
  return (
    <svg viewBox="0 0 32 32" width="24" height="24" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="8" fill="var(--accent)" />
      <path
        d="M16 16V7M16 16l8 5M16 16l-8 5"
        stroke="var(--on-accent)"
        stroke-width="3"
        stroke-linecap="round"
      />
    </svg>
  );
}
