import { describe, expect, test } from "bun:test";
import { AdminGuard } from "../http/admin-guard.ts";
import { createHttpApp } from "../http/app.ts";
import { BankSimulator } from "../simulator/bank.ts";
import { MockGateway } from "../simulator/mock-gateway.ts";
import { bundleConsole } from "./bundle.ts";
import { answerConsolePage, consoleRoutes, wantsPage } from "./routes.ts";
import { simulatorRoutes } from "./simulator-routes.ts";

const HOST = "http://localhost";
const TOKEN = { authorization: "Bearer secret" };

function createApp() {
  const guard = new AdminGuard({ token: "secret" });
  const mockGateway = new MockGateway({ okShare: 0.65, errorShare: 0.25, lateShare: 0.1, lateMs: 1 });
  const bank = new BankSimulator({ delayMinMs: 3000, delayMaxMs: 25_000, approvalRate: 0.8 });
  const servers = { mockGateway, bank, isBuiltIn: () => true };
  const app = createHttpApp().use(consoleRoutes(guard)).use(simulatorRoutes(servers, guard));
  const get = (path: string, headers: Record<string, string> = {}) =>
    app.handle(new Request(`${HOST}${path}`, { headers }));
  const put = (path: string, body: unknown, headers: Record<string, string> = TOKEN) =>
    app.handle(
      new Request(`${HOST}${path}`, {
        method: "PUT",
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify(body),
      }),
    );
  return { get, put, mockGateway, bank };
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

describe("the simulator's switches", () => {
  const gateway = { errorShare: 0.5, lateShare: 0.2 };
  const bank = { approvalRate: 1, delayMinSeconds: 0.5, delayMaxSeconds: 2 };

  test("hold for the calls that come from then on, and are shown", async () => {
    const app = createApp();
    expect((await app.put("/api/console/simulator/gateway", gateway)).status).toBe(200);
    expect((await app.put("/api/console/simulator/bank", bank)).status).toBe(200);
    expect(app.mockGateway.options).toMatchObject({ okShare: 0.3, errorShare: 0.5, lateShare: 0.2 });
    expect(app.bank.options).toMatchObject({ approvalRate: 1, delayMinMs: 500, delayMaxMs: 2000 });
    const shown = await (await app.get("/api/console/simulator")).json();
    expect(shown).toEqual({ gateway, bank, cardGateway: true });
  });

  test("are an administrator's", async () => {
    const { put, mockGateway } = createApp();
    expect((await put("/api/console/simulator/gateway", gateway, {})).status).toBe(401);
    expect((await put("/api/console/simulator/bank", bank, {})).status).toBe(401);
    expect(mockGateway.options.errorShare).toBe(0.25);
  });

  test("refuse what makes no sense, and name the field", async () => {
    const { put } = createApp();
    const cases: readonly (readonly [string, unknown, string])[] = [
      ["gateway", { errorShare: 0.8, lateShare: 0.3 }, "lateShare"],
      ["gateway", { errorShare: "1", lateShare: 0 }, "errorShare"],
      ["gateway", [], "errorShare"],
      ["bank", { ...bank, approvalRate: -1 }, "approvalRate"],
      ["bank", { ...bank, delayMinSeconds: 3 }, "delayMinSeconds"],
      ["bank", { ...bank, delayMaxSeconds: 1e9 }, "delayMaxSeconds"],
    ];
    for (const [which, body, path] of cases) {
      const response = await put(`/api/console/simulator/${which}`, body);
      expect(response.status).toBe(422);
      const { errors } = (await response.json()) as { errors: { path: string }[] }; // every problem of a form has them
      expect(errors.map((error) => error.path)).toContain(path);
    }
  });
});
