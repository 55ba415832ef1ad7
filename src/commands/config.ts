/** `catraca config`: the settings in force and where each comes from. */
import type { SettingValue } from "../config/setting.ts";
import { type NamedSetting, SETTINGS } from "../config/settings.ts";
import { describeSource } from "../config/source.ts";
import { MASK, maskCredentials } from "../log/redact.ts";
import { type CommandContext, EXIT } from "./command.ts";

/** Prints a table, section by section, or JSON keyed by the settings' names. */
export async function run({ settings, sources, options, print }: CommandContext): Promise<number> {
  const rows = SETTINGS.map((setting) => ({
    ...setting,
    value: shownValue(setting, settings[setting.key]),
    source: sources[setting.key],
  }));

  if (options.has("--json")) {
    const entries = rows.map(({ name, value, source, flag }) => [name, { value, source, flag }]);
    print(JSON.stringify(Object.fromEntries(entries), null, 2));
    return EXIT.ok;
  }

  const table = rows.map(({ name, section, value, defaultText, source }) => ({
    section,
    name,
    value: value === null ? plainText(defaultText) : String(value),
    source: describeSource(source),
  }));
  const nameWidth = Math.max(...table.map(({ name }) => name.length));
  const valueWidth = Math.min(48, Math.max(...table.map(({ value }) => value.length)));
  let section = "";
  for (const row of table) {
    if (row.section !== section) {
      if (section !== "") print("");
      print(row.section);
      section = row.section;
    }
    print(`  ${row.name.padEnd(nameWidth)}  ${row.value.padEnd(valueWidth)}  ${row.source}`);
  }
  return EXIT.ok;
}

/** A Redis address stays readable without its password; any other secret only says that it is set. */
function shownValue(setting: NamedSetting, value: SettingValue): SettingValue {
  if (!setting.secret || value === null) return value;
  return setting.kind === "url" ? maskCredentials(String(value)) : MASK;
}

/** The documentation's text for an unset value, without its Markdown. */
function plainText(markdown: string): string {
  return markdown.replaceAll("`", "");
}
