import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { t } from "elysia";
import { createHttpApp } from "./app.ts";
import { ERROR_CODES } from "./error-codes.ts";
import { openApi } from "./openapi.ts";

const app = createHttpApp()
  .post("/payments", () => "ok", { body: t.Object({ amount: t.Number() }), detail: { tags: ["Payments"] } })
  .get("/payments/:id", () => "ok", {
    params: t.Object({ id: t.String() }),
    detail: { responses: { 200: { description: "The payment." } } },
  })
  .use(openApi());

const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
  app.handle(new Request(`http://localhost${path}`, { headers }));

describe("/docs/json", () => {
  test("describes the routes of the whole app, not those of the documentation", async () => {
    const document = await (await get("/docs/json")).json();
    expect(document.openapi).toBe("3.0.3");
    expect(Object.keys(document.paths).sort()).toEqual(["/payments", "/payments/{id}"]);
    expect(document.info.title).toBe("catraca");
    expect(document.tags.map((tag: { name: string }) => tag.name)).toContain("Payments");
  });

  test("has the problem as the answer to any error, with all codes", async () => {
    const document = await (await get("/docs/json")).json();
    const { post } = document.paths["/payments"];
    const schema = { $ref: "#/components/schemas/Problem" };
    expect(post.responses.default.content).toEqual({ "application/problem+json": { schema } });
    expect(document.components.schemas.Problem.properties.code.enum).toEqual([...ERROR_CODES]);
  });

  test("offers JSON bodies only, and describes every answer", async () => {
    const document = await (await get("/docs/json")).json();
    expect(Object.keys(document.paths["/payments"].post.requestBody.content)).toEqual(["application/json"]);
    expect(document.paths["/payments/{id}"].get.responses["200"].description).toBe("The payment.");
    for (const operations of Object.values<Record<string, { responses: object }>>(document.paths)) {
      for (const { responses } of Object.values(operations)) {
        for (const response of Object.values(responses)) expect(response.description).toBeString();
      }
    }
  });
});

describe("/docs", () => {
  test.each(["/docs", "/docs/", "/docs/errors"])("%s loads nothing from elsewhere", async (path) => {
    const page = await get(path);
    expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
    const policy = page.headers.get("content-security-policy") ?? "";
    expect(policy).toStartWith("default-src 'none'");
    expect(policy).not.toMatch(/https?:|\*|unsafe-eval|script-src[^;]*unsafe-inline/);
    const text = await page.text();
    expect(text).not.toMatch(/(src|href)="(https?:)?\/\//);
    expect(text).not.toContain("onload=");
  });

  test("every file that the page names is there", async () => {
    const text = await (await get("/docs")).text();
    const files = [...text.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map((match) => match[1] ?? "");
    expect(files).toEqual(["/docs/swagger-ui.css", "/docs/swagger-ui.js", "/docs/start.js"]);
    for (const file of files) expect([file, (await get(file)).status]).toEqual([file, 200]);
    expect(await (await get("/docs/start.js")).text()).toContain("validatorUrl: null");
  });

  test("the big files are fetched once: a known tag is 304", async () => {
    const first = await get("/docs/swagger-ui.js");
    const etag = first.headers.get("etag") ?? "";
    expect(first.headers.get("content-type")).toBe("text/javascript; charset=utf-8");
    expect((await first.text()).length).toBeGreaterThan(1_000_000);
    const again = await get("/docs/swagger-ui.js", { "if-none-match": etag });
    expect([again.status, await again.text()]).toEqual([304, ""]);
  });
});

describe("the compiled executable, in an empty directory", () => {
  const directory = mkdtempSync(join(tmpdir(), "catraca-docs-"));
  const main = join(directory, "main.ts");
  const empty = join(directory, "empty");
  let url = "";
  let program: Bun.Subprocess<"ignore", "pipe", "inherit"> | undefined;

  beforeAll(async () => {
    mkdirSync(empty);
    await Bun.write(main, PROGRAM);
    const flags = ["--minify-syntax", "--minify-whitespace", "--bytecode", "--format=esm", "--splitting"];
    const build = Bun.spawnSync([
      "bun",
      "build",
      "--compile",
      ...flags,
      main,
      "--outfile",
      join(directory, "program"),
    ]);
    if (!build.success) throw new Error(build.stderr.toString());
    program = Bun.spawn([join(directory, "program")], {
      cwd: empty,
      stdin: "ignore",
      stdout: "pipe",
      stderr: "inherit",
    });
    const { value } = await program.stdout.getReader().read();
    url = `http://127.0.0.1:${new TextDecoder().decode(value).trim()}`;
  });
  afterAll(async () => {
    program?.kill();
    await program?.exited;
    rmSync(directory, { recursive: true });
  });

  test("has the page's files within itself", async () => {
    expect((await (await fetch(`${url}/docs/swagger-ui.js`)).text()).length).toBeGreaterThan(1_000_000);
    expect((await (await fetch(`${url}/docs/swagger-ui.css`)).text()).length).toBeGreaterThan(100_000);
    expect(Object.keys((await (await fetch(`${url}/docs/json`)).json()).paths)).toEqual(["/limited"]);
  });

  test("validates as the sources do, which depends on the names of classes", async () => {
    const answer = await fetch(`${url}/limited?limit=9`);
    expect(answer.status).toBe(422);
    expect(await answer.json()).toMatchObject({ errors: [{ path: "limit" }] });
    expect(await (await fetch(`${url}/limited?limit=3`)).json()).toEqual({ limit: 3 });
  });
});

const PROGRAM = `
import { t } from ${JSON.stringify(Bun.fileURLToPath(import.meta.resolve("elysia")))};
import { createHttpApp } from ${JSON.stringify(join(import.meta.dir, "app.ts"))};
import { openApi } from ${JSON.stringify(join(import.meta.dir, "openapi.ts"))};
const app = createHttpApp()
  .get("/limited", ({ query }) => query, { query: t.Object({ limit: t.Integer({ maximum: 5 }) }) })
  .use(openApi());
app.listen({ port: 0, hostname: "127.0.0.1" });
console.log(app.server.port);
`;
