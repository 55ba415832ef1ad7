import { beforeEach, describe, expect, test } from "bun:test";
import type { Execution } from "../../engine/intake.ts";
import { problem } from "../../http/errors.ts";
import { CreatingCalls } from "./creating-calls.ts";

interface Sent {
  readonly name: string;
  readonly input: unknown;
}

let sent: Sent[];
let next: () => Promise<Execution>;
let refusal: Response | null;
let calls: CreatingCalls;

beforeEach(() => {
  sent = [];
  refusal = null;
  next = () => Promise.resolve({ kind: "done", reply: { kind: "first", reply: { kind: "made", id: 7 } } });
  const execute = (name: string, input: unknown) => {
    sent.push({ name, input });
    return next();
  };
  calls = new CreatingCalls({ intake: { execute }, unavailable: () => refusal });
});

function call(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  const request = new Request(`http://localhost${path}`, { method: "POST", headers });
  const answer = (reply: object) => Response.json(reply);
  return calls.run({ request, body, command: "things.make", input: { from: "main" }, answer });
}

/** The scope under which the last call was sent. */
function lastScope(): unknown {
  const input = sent.at(-1)?.input;
  return typeof input === "object" && input !== null && "scope" in input ? input.scope : undefined;
}

describe("a call without a key", () => {
  test("is the plain command", async () => {
    next = () => Promise.resolve({ kind: "done", reply: { kind: "made", id: 7 } });
    const response = await call("/things", {});
    expect(await response.json()).toEqual({ kind: "made", id: 7 });
    expect(sent).toEqual([{ name: "things.make", input: { from: "main" } }]);
  });

  test.each([
    ["busy", { kind: "busy" }, 503, "QUEUE_FULL"],
    ["late", { kind: "late" }, 503, "OUTCOME_TIMEOUT"],
    ["a bug", { kind: "done", reply: { kind: "bug" } }, 500, "INTERNAL"],
  ] as const)("that is %s says so", async (_, execution, status, code) => {
    next = () => Promise.resolve(execution);
    for (const headers of [{}, { "idempotency-key": "k" }]) {
      const response = await call("/things", {}, headers);
      expect(response.status).toBe(status);
      expect(await response.json()).toMatchObject({ code });
    }
  });

  test("sends nothing while nothing can be stored", async () => {
    refusal = problem("STORAGE_UNAVAILABLE");
    expect((await call("/things", {})).status).toBe(503);
    expect((await call("/things", {}, { "idempotency-key": "k" })).status).toBe(503);
    expect(sent).toEqual([]);
  });
});

describe("a call with a key", () => {
  test("gets the first answer again, marked", async () => {
    const first = await call("/things", {}, { "idempotency-key": "k" });
    expect(first.headers.get("idempotent-replayed")).toBeNull();
    next = () =>
      Promise.resolve({ kind: "done", reply: { kind: "replayed", reply: { kind: "made", id: 7 } } });
    const again = await call("/things", {}, { "idempotency-key": "k" });
    expect(again.headers.get("idempotent-replayed")).toBe("true");
    expect(await again.json()).toEqual(await first.json());
  });

  test("with another body is refused", async () => {
    next = () => Promise.resolve({ kind: "done", reply: { kind: "reused" } });
    const response = await call("/things", {}, { "idempotency-key": "k" });
    expect([response.status, (await response.json()).code]).toEqual([422, "IDEMPOTENCY_KEY_REUSED"]);
  });

  test("that is too long or empty is refused, and nothing is sent", async () => {
    for (const key of ["k".repeat(256), '""', '"open']) {
      const response = await call("/things", {}, { "idempotency-key": key });
      expect([response.status, (await response.json()).code]).toEqual([422, "IDEMPOTENCY_KEY_INVALID"]);
    }
    expect(sent).toEqual([]);
  });

  test("is in use until its answer is there", async () => {
    const running = Promise.withResolvers<Execution>();
    next = () => running.promise;
    const first = call("/things", {}, { "idempotency-key": "k" });
    const second = await call("/things", {}, { "idempotency-key": '"k"' });
    expect([second.status, (await second.json()).code]).toEqual([409, "IDEMPOTENCY_KEY_IN_USE"]);
    running.resolve({ kind: "late" });
    expect((await first).status).toBe(503);
    next = () => Promise.resolve({ kind: "done", reply: { kind: "first", reply: { kind: "made", id: 8 } } });
    expect((await call("/things", {}, { "idempotency-key": "k" })).status).toBe(200);
  });
});

describe("a key belongs to", () => {
  test("one caller, one route and one resource", async () => {
    const scopes = new Set<unknown>();
    for (const [path, headers] of [
      ["/things", {}],
      ["/things", { authorization: "Bearer one" }],
      ["/things", { authorization: "Bearer two" }],
      ["/other", {}],
      ["/things/1/parts", {}],
      ["/things/2/parts", {}],
    ] as const) {
      await call(path, {}, { "idempotency-key": "k", ...headers });
      scopes.add(lastScope());
    }
    expect(scopes.size).toBe(6);
  });

  test("the same call with or without quotes, trailing slash and query", async () => {
    const scopes = new Set<unknown>();
    for (const path of ["/things", "/things/", "/things?sync=true"]) {
      for (const key of ["k", '"k"']) {
        await call(path, {}, { "idempotency-key": key });
        scopes.add(lastScope());
      }
    }
    expect(scopes.size).toBe(1);
  });

  test("nobody who reads the database: tokens, keys and bodies are hashed", async () => {
    await call("/things", { secret: "body" }, { "idempotency-key": "key1", authorization: "Bearer token" });
    expect(JSON.stringify(sent)).not.toMatch(/token|key1|secret/);
  });
});
