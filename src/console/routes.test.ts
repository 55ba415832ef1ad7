import { describe, expect, test } from "bun:test";
import { AdminGuard } from "../http/admin-guard.ts";
import { createHttpApp } from "../http/app.ts";
import { bundleConsole } from "./bundle.ts";
import { answerConsolePage, consoleRoutes, wantsPage } from "./routes.ts";

const HOST = "http://localhost";
const TOKEN = { authorization: "Bearer secret" };

function createApp() {
  const app = createHttpApp().use(consoleRoutes(new AdminGuard({ token: "secret" })));
  const get = (path: string, headers: Record<string, string> = {}) =>
    app.handle(new Request(`${HOST}${path}`, { headers }));
  return { get };
}

describe("the page", () => {
  test("is for browsers only: programs that ask for anything, or JSON, do not want it", () => {
    const wants = (accept: string, method = "GET") =>
      wantsPage(new Request(HOST, { method, headers: { accept } }));
    expect(wants("text/html,application/xhtml+xml;q=0.9,*/*;q=0.8")).toBe(true);
    expect(wants("*/*")).toBe(false);
    expect(wants("application/json")).toBe(false);
    expect(wants("text/html", "POST")).toBe(false);
  });

  test("allows nothing but its own files, and names them by their content", async () => {
    const response = await answerConsolePage(new Request(HOST));
    const policy = response.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe|https?:/);
    const page = await response.text();
    const files = [...page.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map((match) => match[1] ?? "");
    expect(files).toHaveLength(2);
    for (const file of files) expect(file).toMatch(/^\/console\/index-\w{8}\.(?:js|css)$/);
    expect(page).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\son\w+=/);
  });

  test("comes gzipped to those who can read that", async () => {
    const plain = await (await answerConsolePage(new Request(HOST))).text();
    const headers = { "accept-encoding": "gzip, br" };
    const response = await answerConsolePage(new Request(HOST, { headers }));
    expect(response.headers.get("content-encoding")).toBe("gzip");
    expect(new TextDecoder().decode(Bun.gunzipSync(await response.arrayBuffer()))).toBe(plain);
  });
});

test("the files may be kept for ever; those that are not there are a problem as everywhere", async () => {
  const { get } = createApp();
  const script = bundleConsole().find(({ name }) => name.endsWith(".js"));
  const response = await get(`/console/${script?.name}`);
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("text/javascript; charset=utf-8");
  expect(response.headers.get("cache-control")).toContain("immutable");
  for (const name of ["index-00000000.js", "index.html", "..%2fpackage.json"]) {
    expect((await get(`/console/${name}`)).status).toBe(404);
  }
});

test("who may change something is told, without a secret in the answer", async () => {
  const { get } = createApp();
  const read = async (headers?: Record<string, string>) => (await get("/api/console/access", headers)).json();
  expect(await read()).toEqual({ allowed: false, code: "ADMIN_TOKEN_REQUIRED", wrongToken: false });
  expect(await read({ authorization: "Bearer guess" })).toMatchObject({ allowed: false, wrongToken: true });
  expect(await read(TOKEN)).toEqual({ allowed: true, code: null, wrongToken: false });
});
