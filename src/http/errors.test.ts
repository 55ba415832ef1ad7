import { describe, expect, test } from "bun:test";
import { ERROR_CODES, ERRORS, type ErrorDefinition } from "./error-codes.ts";
import { problem, validationProblem } from "./errors.ts";
import { renderErrorsHtml, renderErrorsMarkdown } from "./errors-page.ts";

describe("the table of errors", () => {
  test.each([...ERROR_CODES])("%s says what it means and what to do", (code) => {
    const { status, title, meaning, remedy }: ErrorDefinition = ERRORS[code];
    expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
    expect(status).toBeWithin(400, 600);
    expect(title).toMatch(/^[A-Z][^.]+$/);
    for (const sentence of [meaning, remedy]) expect(sentence).toMatch(/^[A-Z].+\.$/);
    // A cell of a Markdown table ends at a bar.
    expect(title + meaning + remedy).not.toMatch(/[|\n<]/);
  });

  test("docs/errors.md is rendered from it", async () => {
    const page = await Bun.file(new URL("../../docs/errors.md", import.meta.url)).text();
    expect(page).toBe(renderErrorsMarkdown());
    for (const code of ERROR_CODES) expect(page).toContain(`<a id="${code}"></a>`);
  });

  test("the page /docs/errors has the place that type points at", () => {
    const page = renderErrorsHtml();
    for (const code of ERROR_CODES) expect(page).toContain(`<tr id="${code}">`);
    expect(page).not.toContain("<script");
  });
});

describe("a problem", () => {
  test("is application/problem+json with the members of the contract", async () => {
    const answer = problem("PAYMENT_NOT_FOUND");
    expect(answer.status).toBe(404);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    const remedy = ERRORS.PAYMENT_NOT_FOUND.remedy;
    expect(await answer.json()).toEqual({
      type: "/docs/errors#PAYMENT_NOT_FOUND",
      title: "There is no such payment",
      status: 404,
      detail: remedy,
      code: "PAYMENT_NOT_FOUND",
      message: remedy,
    });
  });

  test("takes a better detail and headers", async () => {
    const answer = problem("QUEUE_FULL", { detail: "Wait a second.", headers: { "retry-after": "1" } });
    expect(answer.headers.get("retry-after")).toBe("1");
    expect(await answer.json()).toMatchObject({ detail: "Wait a second.", message: "Wait a second." });
  });

  test("names invalid fields", async () => {
    const errors = [{ path: "amount", message: "is required" }];
    const answer = validationProblem(errors);
    expect(answer.status).toBe(422);
    expect(await answer.json()).toMatchObject({ code: "VALIDATION", errors });
  });
});
