import { Database } from "bun:sqlite";
import { afterAll, expect, test } from "bun:test";
import { Gateway, startProcessors } from "./gateway.ts";
import { postMany } from "./load.ts";
import { endPrograms, runProgram } from "./program.ts";
import { until } from "./until.ts";

afterAll(endPrograms);

test("audit: 0 while the books agree, also with the processors'; 1 with every difference when they do not", async () => {
  const processors = await startProcessors();
  const gateway = await Gateway.start({ processors });
  await postMany(gateway.url, 50, 1990);
  await until("50 payments to be settled", 10_000, async () => {
    const { default: first, fallback } = (await (
      await fetch(`${gateway.url}/payments-summary`)
    ).json()) as Record<string, { totalRequests: number }>;
    return (first?.totalRequests ?? 0) + (fallback?.totalRequests ?? 0) === 50;
  });
  const flags = ["--database-file", gateway.databaseFile, "--processor-token", "123"];
  const audit = () =>
    runProgram([
      "audit",
      ...flags,
      "--payment-processor-default",
      processors.default.url,
      "--payment-processor-fallback",
      processors.fallback.url,
    ]);
  const sound = await audit();
  expect([sound.code, sound.output]).toEqual([0, expect.stringContaining("the books agree")]);

  await gateway.stop();
  const database = new Database(gateway.databaseFile);
  database.run("UPDATE payment_rollups SET default_count = default_count + 1");
  database.close();
  const tampered = await audit();
  expect(tampered.code).toBe(1);
  expect(tampered.output).toContain("rollups");
  expect(tampered.output).toContain("default: 51 payments");
});
