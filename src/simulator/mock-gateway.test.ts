import { describe, expect, test } from "bun:test";
import { MockGateway } from "./mock-gateway.ts";

/** Draws the given numbers in turn, the last one for ever. */
function gatewayThatDraws(...draws: number[]): MockGateway {
  let next = 0;
  return new MockGateway({
    okShare: 0.65,
    errorShare: 0.25,
    lateShare: 0.1,
    lateMs: 60,
    random: () => draws[Math.min(next++, draws.length - 1)] ?? 0,
  });
}

function pay(gateway: MockGateway, key?: string): Promise<Response> {
  const headers: Record<string, string> = key === undefined ? {} : { "Idempotency-Key": key };
  return gateway.pay(new Request("http://gateway/pay", { method: "POST", headers, body: "{}" }));
}

describe("the mock gateway", () => {
  test("answers by its shares", async () => {
    const gateway = gatewayThatDraws(0, 0.649, 0.65, 0.899, 0.9, 0.999);
    const answers: number[] = [];
    for (let call = 0; call < 6; call++) answers.push((await pay(gateway)).status);
    expect(answers).toEqual([200, 200, 502, 502, 200, 200]);
    expect(gateway.counts).toEqual({ calls: 6, charges: 4, repeats: 0, errors: 2, late: 2 });
  });

  test("charges once per key, however often it is called", async () => {
    const gateway = gatewayThatDraws(0);
    const first = await pay(gateway, "k1");
    const again = await pay(gateway, '"k1"');
    expect([first.status, again.status]).toEqual([200, 200]);
    expect(first.headers.get("idempotent-replayed")).toBeNull();
    expect(again.headers.get("idempotent-replayed")).toBe("true");
    expect(gateway.counts.charges).toBe(1);
    await pay(gateway, "k2");
    expect(gateway.counts.charges).toBe(2);
  });

  test("has charged by the time it is late, and says so to who asks again meanwhile", async () => {
    const gateway = gatewayThatDraws(0.95);
    const startedAt = performance.now();
    const late = pay(gateway, "k");
    expect((await pay(gateway, "k")).status).toBe(200);
    expect(performance.now() - startedAt).toBeLessThan(50);
    await late;
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(55);
    expect(gateway.counts).toMatchObject({ calls: 2, charges: 1, repeats: 1, late: 1 });
  });

  test("a key that was refused is not charged, and may be next time", async () => {
    const gateway = gatewayThatDraws(0.7, 0.1);
    expect((await pay(gateway, "k")).status).toBe(502);
    expect(gateway.counts.charges).toBe(0);
    expect((await pay(gateway, "k")).status).toBe(200);
    expect(gateway.counts.charges).toBe(1);
  });
});
