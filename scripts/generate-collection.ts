/**
 * Writes docs/catraca.postman_collection.json from the OpenAPI document that the service itself answers.
 *
 *   bun scripts/generate-collection.ts
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ApiDocument, toPostmanCollection } from "./documents/postman.ts";

const PROJECT = join(import.meta.dir, "..");
const FILE = "docs/catraca.postman_collection.json";

/** Starts a service of its own, with nothing in it, and reads its document. */
async function readDocument(): Promise<ApiDocument> {
  const directory = mkdtempSync(join(tmpdir(), "catraca-collection-"));
  const service = Bun.spawn([process.execPath, join(PROJECT, "src/main.ts"), "serve"], {
    cwd: directory,
    env: { PATH: process.env["PATH"] ?? "", PORT: "0", DATA_DIR: join(directory, "data") },
    stdout: "pipe",
    stderr: "inherit",
  });
  try {
    const response = await fetch(`${await urlOf(service.stdout)}/docs/json`);
    // The generator's own shape; what is missing in it is left out of the collection.
    return (await response.json()) as ApiDocument;
  } finally {
    service.kill("SIGTERM");
    await service.exited;
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The address that the service logs when it is ready. */
async function urlOf(output: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of output) {
    text += decoder.decode(chunk, { stream: true });
    const url = /"url":"([^"]+)"/.exec(text)?.[1];
    if (url !== undefined) return url;
  }
  throw new Error(`the service ended before it was ready:\n${text}`);
}

const collection = toPostmanCollection(await readDocument());
writeFileSync(join(PROJECT, FILE), `${JSON.stringify(collection, null, 2)}\n`);
console.log(`${FILE} written`);
