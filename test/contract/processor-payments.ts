import { describe, expect, test } from "bun:test";
import { type ProcessorClient, REQUESTED_AT } from "./processor-client.ts";

/** `POST /payments` and `GET /payments/{id}`: what is recorded, what is refused. */
export function checkPayments(client: ProcessorClient): void {
  checkRecording(client);
  checkBodies(client);
  checkRounding(client);
}

function checkRecording(client: ProcessorClient): void {
  test("a payment is recorded and read back, its time without zone and trailing zeros", async () => {
    const payment = client.newPayment(19.9);
    const answer = await client.pay(payment);
    expect(answer.status).toBe(200);
    expect(typeof (await answer.json()).message).toBe("string");
    const found = await client.find(payment.correlationId);
    expect(found.status).toBe(200);
    expect(found.headers.get("content-type")).toStartWith("application/json");
    expect(await found.json()).toEqual({ ...payment, requestedAt: "2025-07-15T12:34:56.1" });
  });

  test("an id that is there already is 422 with a message; the first amount and time stay", async () => {
    const payment = client.newPayment(10);
    await client.pay(payment);
    const again = await client.pay({ ...payment, amount: 20, requestedAt: "2025-07-15T12:35:00.000Z" });
    expect(again.status).toBe(422);
    expect((await again.json()).message).toContain("already exists");
    const kept = { amount: 10, requestedAt: "2025-07-15T12:34:56.1" };
    expect(await (await client.find(payment.correlationId)).json()).toMatchObject(kept);
    expect(await client.summary()).toMatchObject({ totalRequests: 1, totalAmount: 10 });
  });

  test("an unknown id is 404, one that is no UUID 400", async () => {
    expect((await client.find(crypto.randomUUID())).status).toBe(404);
    expect((await client.find("nonsense")).status).toBe(400);
  });

  test("paths ignore letter case and a trailing slash; unknown ones are 404, wrong methods 405", async () => {
    const { baseUrl } = client.target;
    const { correlationId } = client.newPayment();
    const headers = { "content-type": "application/json" };
    const body = JSON.stringify({ correlationId, amount: 1, requestedAt: REQUESTED_AT });
    expect((await fetch(`${baseUrl}/PAYMENTS/`, { method: "POST", headers, body })).status).toBe(200);
    expect((await client.find(`${correlationId.toUpperCase()}/`)).status).toBe(200);
    expect((await client.admin("GET", "Payments-Summary/")).status).toBe(200);
    expect((await fetch(`${baseUrl}/nothing`)).status).toBe(404);
    const wrong = await fetch(`${baseUrl}/payments`);
    expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "POST"]);
  });
}

function checkBodies(client: ProcessorClient): void {
  describe("a body that is refused is 400, empty and at once:", () => {
    test.each([
      ["empty", ""],
      ["malformed", '{"correlationId":'],
      ["an array", "[]"],
      ["null", "null"],
      ["an amount that is no number", '{"amount":"ten"}'],
      ["an amount that is null", '{"amount":null}'],
      ["an id that is none", '{"correlationId":"12"}'],
      ["an id that is a number", '{"correlationId":12}'],
      ["a time that is none", '{"requestedAt":"yesterday"}'],
      ["a day that is not in the calendar", '{"requestedAt":"2025-02-30T00:00:00Z"}'],
    ])("%s", async (_, body) => {
      // Longer than a test may take: the answer does not wait for it.
      await client.configure("delay", { delay: 60_000 });
      const answer = await client.payText(body);
      expect([answer.status, await answer.text()]).toEqual([400, ""]);
    });
  });

  test("another media type than JSON is 415, empty and at once; +json is JSON", async () => {
    await client.configure("delay", { delay: 60_000 });
    for (const mediaType of ["text/plain", "application/x-www-form-urlencoded"]) {
      const answer = await client.payText("{}", mediaType);
      expect([answer.status, await answer.text()]).toEqual([415, ""]);
    }
    await client.configure("delay", { delay: 0 });
    expect((await client.payText("{}", "application/vnd.x+json; charset=utf-8")).status).toBe(200);
  });

  test("missing fields are not refused: zero id, amount 0, year 1", async () => {
    expect((await client.pay({})).status).toBe(200);
    expect((await client.pay({})).status).toBe(422);
    const correlationId = "00000000-0000-0000-0000-000000000000";
    const record = { correlationId, amount: 0, requestedAt: "0001-01-01T00:00:00" };
    expect(await (await client.find(correlationId)).json()).toEqual(record);
  });

  test("field names match in any letter case, numbers may be quoted, more fields are skipped", async () => {
    const id = crypto.randomUUID();
    const fields = { CORRELATIONID: id.toUpperCase(), Amount: "7.25", requestedat: REQUESTED_AT, x: {} };
    expect((await client.pay(fields)).status).toBe(200);
    expect(await (await client.find(id)).json()).toMatchObject({ correlationId: id, amount: 7.25 });
  });
}

function checkRounding(client: ProcessorClient): void {
  test.each([
    ["0.125", 0.12],
    ["0.135", 0.14],
    ["0.12500000000000000001", 0.13],
    ["1.005", 1],
    ["2.675", 2.68],
    ["-0.125", -0.12],
    ["9999999999.99", 9_999_999_999.99],
  ])("the amount %s is rounded half-even to %d", async (sent, kept) => {
    const { correlationId } = client.newPayment();
    const body = `{"correlationId":"${correlationId}","amount":${sent},"requestedAt":"${REQUESTED_AT}"}`;
    expect((await client.payText(body)).status).toBe(200);
    expect((await (await client.find(correlationId)).json()).amount).toBe(kept);
  });
}
