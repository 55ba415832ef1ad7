import { expect, test } from "bun:test";
import { SETTINGS } from "../src/config/settings.ts";
import { DOCUMENTS, findOutdated } from "./generate-docs.ts";

test("every generated page in docs/ is what the tables in the code say", () => {
  // When this fails: bun scripts/generate-docs.ts
  expect(findOutdated()).toEqual([]);
});

test("a page that differs, or is missing, is found", () => {
  expect(findOutdated([{ file: "docs/configuration.md", render: () => "other" }])).toHaveLength(1);
  expect(findOutdated([{ file: "docs/no-such-page.md", render: () => "text" }])).toHaveLength(1);
});

test("docs/configuration.md explains every setting, flag and alias", () => {
  const page = DOCUMENTS.find(({ file }) => file === "docs/configuration.md")?.render() ?? "";
  for (const { name, flag, aliases, meaning } of SETTINGS) {
    for (const word of [name, flag, ...aliases]) expect(page).toContain(`\`${word}\``);
    expect(page).toContain(meaning);
  }
});
