import { expect, test } from "bun:test";
import { foldText } from "./fold-text.ts";

test.each([
  ["Pão de Açúcar", "pao de acucar"],
  ["CAFÉ", "cafe"],
  ["Cafe\u0301", "cafe"],
  ["a\u0000b\tc", "a b c"],
  ["", ""],
])("%p is searched as %p", (text, folded) => {
  expect(foldText(text)).toBe(folded);
});

test("half of a surrogate pair is replaced, because SQLite stores only whole characters", () => {
  expect(foldText("a\ud800")).toBe("a\ufffd");
});
