import { beforeEach, describe, expect, test } from "bun:test";
import { AdminGuard } from "../http/admin-guard.ts";
import { createHttpApp } from "../http/app.ts";
import { BankSimulator } from "../simulator/bank.ts";
import { createBuiltInProcessors } from "../simulator/built-in-processors.ts";
import { CardGatewaySimulator } from "../simulator/card-gateway.ts";
import { MockGateway } from "../simulator/mock-gateway.ts";
import { simulatorRoutes } from "./simulator-routes.ts";
import type { SwitchedName, SwitchedServers } from "./simulator-switches.ts";

/** The switches of the built-in upstreams: seen by everybody as they stand, changed by an administrator. */
const PATH = "/api/console/simulator";
const TOKEN = { authorization: "Bearer secret" };
/** Nobody needs to know it to turn a switch. */
const SIMULATORS_TOKEN = "of the simulators alone";
const NO_FAULTS = {
  loseAnswerShare: 0,
  garbageShare: 0,
  resetShare: 0,
  hangShare: 0,
  serverErrorWithMessageShare: 0,
};

let servers: SwitchedServers & { processors: ReturnType<typeof createBuiltInProcessors> };
let real: Set<string>;
let app: { handle: (request: Request) => Response | Promise<Response> };

beforeEach(() => {
  real = new Set();
  servers = {
    isBuiltIn: (name) => !real.has(name),
    mockGateway: new MockGateway({ okShare: 0.65, errorShare: 0.25, lateShare: 0.1, lateMs: 2000 }),
    bank: new BankSimulator({ delayMinMs: 3000, delayMaxMs: 25_000, approvalRate: 0.8 }),
    processors: createBuiltInProcessors({ token: SIMULATORS_TOKEN }),
    cardGateway: new CardGatewaySimulator({ token: SIMULATORS_TOKEN }),
  };
  app = createHttpApp().use(simulatorRoutes(servers, new AdminGuard({ token: "secret" })));
});

const read = async () => (await app.handle(new Request(`http://localhost${PATH}`))).json();
const put = (name: string, body: unknown, headers: Record<string, string> = TOKEN) =>
  app.handle(
    new Request(`http://localhost${PATH}/${name}`, {
      method: "PUT",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    }),
  );

test("all of them are told as they stand, to everybody, without a token in it", async () => {
  const processor = { failure: false, delayMs: 0, ...NO_FAULTS };
  const shown = await read();
  expect(shown).toEqual({
    default: processor,
    fallback: processor,
    cardGateway: { ...processor, decline: false },
    gateway: { errorShare: 0.25, lateShare: 0.1, lateSeconds: 2 },
    bank: { approvalRate: 0.8, delayMinSeconds: 3, delayMaxSeconds: 25 },
  });
  expect(JSON.stringify(shown)).not.toContain(SIMULATORS_TOKEN);
});

test("one that was turned elsewhere, with an upstream's own call, is told as it stands", async () => {
  const request = new Request("http://processor/admin/configurations/failure", {
    method: "PUT",
    headers: { "content-type": "application/json", "x-rinha-token": SIMULATORS_TOKEN },
    body: JSON.stringify({ failure: true }),
  });
  expect((await servers.processors.fallback.handle(request, "/admin/configurations/failure")).status).toBe(
    200,
  );
  expect(await read()).toMatchObject({ default: { failure: false }, fallback: { failure: true } });
});

describe("a change", () => {
  const CHANGES: readonly (readonly [SwitchedName, Record<string, boolean | number>])[] = [
    ["default", { failure: true, delayMs: 250 }],
    ["fallback", { hangShare: 0.5 }],
    ["cardGateway", { failure: true, decline: true, delayMs: 50, resetShare: 0.2 }],
    ["gateway", { errorShare: 0.5, lateShare: 0.2, lateSeconds: 0.5 }],
    ["bank", { approvalRate: 1, delayMinSeconds: 0.5, delayMaxSeconds: 2 }],
  ];

  test.each(CHANGES)("of %s is answered and read back", async (name, change) => {
    const before = await read();
    const response = await put(name, change);
    expect(response.status).toBe(200);
    const after = await read();
    expect(await response.json()).toEqual(after);
    expect(after).toEqual({ ...before, [name]: { ...before[name], ...change } });
  });

  test("holds for the calls that come from then on", async () => {
    for (const [name, change] of CHANGES) await put(name, change);
    expect(servers.processors.default.state).toMatchObject({ failing: true, delayMs: 250 });
    expect(servers.processors.fallback.state.faults.settings.hangShare).toBe(0.5);
    expect(servers.cardGateway?.switches).toEqual({ failing: true, declining: true, delayMs: 50 });
    expect(servers.mockGateway.options).toMatchObject({ okShare: 0.3, errorShare: 0.5, lateMs: 500 });
    expect(servers.bank.options).toMatchObject({ approvalRate: 1, delayMinMs: 500, delayMaxMs: 2000 });
  });

  test("of one switch leaves the others, which somebody else may have turned", async () => {
    await put("bank", { approvalRate: 0.1 });
    await put("bank", { delayMaxSeconds: 9 });
    expect((await read()).bank).toEqual({ approvalRate: 0.1, delayMinSeconds: 3, delayMaxSeconds: 9 });
  });

  test("is an administrator's", async () => {
    const before = await read();
    for (const [name, change] of CHANGES) {
      expect((await put(name, change, {})).status).toBe(401);
      expect((await put(name, change, { "x-rinha-token": SIMULATORS_TOKEN })).status).toBe(401);
    }
    expect(await read()).toEqual(before);
  });

  test.each([
    ["gateway", { errorShare: 0.8, lateShare: 0.3 }, "lateShare"],
    ["gateway", { errorShare: "1" }, "errorShare"],
    ["gateway", [], "body"],
    ["bank", { approvalRate: -1 }, "approvalRate"],
    ["bank", { delayMinSeconds: 26 }, "delayMinSeconds"],
    ["bank", { delayMaxSeconds: 1e9 }, "delayMaxSeconds"],
    ["default", { failure: 1 }, "failure"],
    ["default", { failure: true, delayMs: 1.5 }, "delayMs"],
    ["fallback", { hangShare: 0.6, resetShare: 0.6 }, "serverErrorWithMessageShare"],
  ])("of %s to %p is refused whole, and names %s", async (name, body, path) => {
    const before = await read();
    const response = await put(name, body);
    expect(response.status).toBe(422);
    const { errors } = (await response.json()) as { errors: { path: string }[] }; // every problem of a form has them
    expect(errors.map((error) => error.path)).toEqual([path]);
    expect(await read()).toEqual(before);
  });

  test("of what is a real service is not there, and it has no switches to show", async () => {
    real.add("cardGateway");
    expect((await put("cardGateway", { failure: true })).status).toBe(404);
    expect((await read()).cardGateway).toBeNull();
  });
});
