import { describe, expect, test } from "bun:test";
import { pageAnswer, parseWhole, readPage } from "./paging.ts";

describe("a page is asked for", () => {
  test("without anything: the newest 50", () => {
    expect(readPage({}, parseWhole)).toEqual({ kind: "page", limit: 50, after: null });
    expect(readPage({ limit: "", cursor: "" }, parseWhole)).toEqual({ kind: "page", limit: 50, after: null });
  });

  test("with a limit of 1 to 500 and the cursor of the page before", () => {
    expect(readPage({ limit: "1", cursor: "17" }, parseWhole)).toEqual({ kind: "page", limit: 1, after: 17 });
    expect(readPage({ limit: "500" }, parseWhole)).toMatchObject({ limit: 500 });
  });

  test.each(["0", "501", "-1", "1.5", "ten", "1e2", " 5"])("not with the limit %p", (limit) => {
    const page = readPage({ limit }, parseWhole);
    expect(page).toMatchObject({ kind: "invalid", errors: [{ path: "limit" }] });
  });

  test("nor with a cursor that is none; all that is wrong is told at once", () => {
    const page = readPage({ limit: "0", cursor: "x" }, parseWhole);
    expect(page).toMatchObject({ kind: "invalid", errors: [{ path: "limit" }, { path: "cursor" }] });
  });
});

describe("a whole number is digits alone", () => {
  test.each([
    ["0", 0],
    ["9007199254740991", Number.MAX_SAFE_INTEGER],
  ])("%p", (text, number) => expect(parseWhole(text)).toBe(number));

  test.each(["", "-1", "+1", "1.0", "0x1", "9007199254740992", "12345678901234567"])("not %p", (text) =>
    expect(parseWhole(text)).toBeNull(),
  );
});

describe("a page is answered", () => {
  const answer = async (items: number[], limit: number) =>
    pageAnswer(
      items,
      limit,
      (item) => item,
      (item) => ({ item }),
    ).json();

  test("with the cursor behind its last item, while there may be more", async () => {
    expect(await answer([9, 8], 2)).toEqual({ items: [{ item: 9 }, { item: 8 }], next: "8" });
  });

  test("with null when it was not filled", async () => {
    expect(await answer([9], 2)).toEqual({ items: [{ item: 9 }], next: null });
    expect(await answer([], 2)).toEqual({ items: [], next: null });
  });
});
