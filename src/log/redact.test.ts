import { expect, test } from "bun:test";
import { isSecretName, maskCredentials, redact } from "./redact.ts";

test("fields that are named like a secret or card data are masked, however they are written", () => {
  for (const name of [
    "token",
    "adminToken",
    "x-auth-token",
    "ADMIN_TOKEN",
    "authorization",
    "card_number",
    "cardNumber",
    "card_security_code",
    "securityCode",
    "cvv",
    "password",
    "clientSecret",
    "set-cookie",
  ]) {
    expect({ name, masked: isSecretName(name) }).toEqual({ name, masked: true });
  }
  for (const name of ["amount", "correlationId", "card_last4", "processor", "key", "code"]) {
    expect({ name, masked: isSecretName(name) }).toEqual({ name, masked: false });
  }
});

test("a marker card number is in nothing that comes out, at any depth that is logged", () => {
  const marker = "4111111111111111";
  const logged = redact(
    {
      card: { card_number: marker, nested: { card_number: marker, deeper: { anything: marker } } },
      list: [{ security_code: marker }],
      map: new Map([["password", marker]]),
    },
    true,
  );
  expect(JSON.stringify(logged)).not.toContain(marker);
});

test("a masked field that is not set says so", () => {
  expect(redact({ token: null, password: undefined }, false)).toEqual({ token: null, password: undefined });
});

test("credentials in an address are masked wherever the address is", () => {
  expect(maskCredentials("redis://user:pw@host:6379/0")).toBe("redis://***@host:6379/0");
  expect(maskCredentials("cannot reach http://a:p@w@host/x and //u@h")).toBe(
    "cannot reach http://***@host/x and //***@h",
  );
  expect(maskCredentials("mail me@example.org, see https://h/@x")).toBe(
    "mail me@example.org, see https://h/@x",
  );
});

test("an error is its name, message and code; its stack only on request", () => {
  const error = Object.assign(new TypeError("no route to redis://:pw@h"), { code: "ECONNREFUSED" });
  const expected = { name: "TypeError", message: "no route to redis://***@h", code: "ECONNREFUSED" };
  expect(redact({ error }, false)).toEqual({ error: expected });
  const { error: withStack } = redact({ error }, true) as { error: { stack?: string } };
  expect(withStack).toMatchObject(expected);
  expect(withStack.stack).toContain("redact.test.ts");
});

test("an error's cause is told, a chain without end is not", () => {
  const error = new Error("outer", { cause: new Error("inner") });
  expect(redact({ error }, false)).toMatchObject({ error: { cause: { message: "inner" } } });
  const loop: Error & { cause?: unknown } = new Error("loop");
  loop.cause = loop;
  expect(JSON.stringify(redact(loop, false)).length).toBeLessThan(500);
});

test("what JSON cannot write becomes text, what is endless is cut", () => {
  expect(redact({ big: 10n, when: new Date(0), bytes: new Uint8Array(3) }, false)).toEqual({
    big: "10",
    when: new Date(0),
    bytes: "3 bytes",
  });
  const cycle: Record<string, unknown> = {};
  for (let index = 0; index < 100; index++) cycle[`self${index}`] = cycle;
  expect(JSON.stringify(redact(cycle, false)).length).toBeLessThan(3_000_000);
  expect(String(redact("x".repeat(5_000), false))).toHaveLength(1_001);
});
