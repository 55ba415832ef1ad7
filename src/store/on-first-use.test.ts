import { expect, test } from "bun:test";
import { onFirstUse } from "./on-first-use.ts";

test("nothing is made before the first look, and only once", () => {
  let made = 0;
  const statements = onFirstUse(() => {
    made++;
    return { find: (id: number) => id * 2, count: 3 };
  });
  expect(made).toBe(0);
  expect(statements.find(4)).toBe(8);
  expect(statements.count).toBe(3);
  expect(made).toBe(1);
});
