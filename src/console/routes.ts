import { Elysia } from "elysia";
import type { AdminGuard } from "../http/admin-guard.ts";
import { problem } from "../http/errors.ts";
import type { BundledFile } from "./bundle.ts";

/**
 * Serves the web console: the page, and its script and style under /console/. All of it is part of the
 * executable; nothing comes from another host, which the page's policy makes sure of.
 */
export function consoleRoutes(guard: AdminGuard) {
  return new Elysia({ name: "console", detail: { hide: true } })
    .get("/console", ({ request }) => answerConsolePage(request))
    .get("/console/:file", ({ request, params }) => answerFile(request, params.file))
    .get("/api/console/access", ({ request, server }) => answerAccess(guard, request, server));
}

/** Whether the one who asks may make an administrator's calls: the page shows what it can do, and why not. */
function answerAccess(guard: AdminGuard, request: Request, server: Bun.Server<unknown> | null): Response {
  const decision = guard.decideFor(request, server);
  const { allowed } = decision;
  if (allowed) return Response.json({ allowed, code: null, wrongToken: false });
  return Response.json({ allowed, code: decision.code, wrongToken: decision.wrongToken });
}

/** Whether a request comes from a browser that wants a page: `GET /` has another answer for programs. */
export function wantsPage(request: Request): boolean {
  return request.method === "GET" && (request.headers.get("accept") ?? "").includes("text/html");
}

/** The console's page. */
export async function answerConsolePage(request: Request): Promise<Response> {
  const files = await openFiles();
  const page = files.get(PAGE_NAME);
  if (page === undefined) throw new Error("the console was bundled without its page");
  return send(request, page, PAGE_HEADERS);
}

const PAGE_NAME = "index.html";

/** A hash in the name: the content under a name never changes. */
const FILE_CACHE = "public, max-age=31536000, immutable";

async function answerFile(request: Request, name: string): Promise<Response> {
  const file = name === PAGE_NAME ? undefined : (await openFiles()).get(name);
  if (file === undefined) return problem("ROUTE_NOT_FOUND");
  const type = name.endsWith(".css") ? "text/css" : "text/javascript";
  return send(request, file, {
    "content-type": `${type}; charset=utf-8`,
    "cache-control": FILE_CACHE,
    "x-content-type-options": "nosniff",
  });
}

/**
 * No inline script or style, no eval, no other host, no frame around it. uPlot and Preact set styles through the
 * element's `style` object, which a policy leaves alone.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join("; ");

const PAGE_HEADERS = {
  "content-type": "text/html; charset=utf-8",
  // Which answer `GET /` has depends on this header of the request.
  vary: "Accept, Accept-Encoding",
  "cache-control": "no-cache",
  "content-security-policy": POLICY,
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

interface StoredFile {
  readonly text: string;
  /** The same, compressed once; a tenth of the work per visitor. */
  readonly gzip: Uint8Array<ArrayBuffer>;
}

let opened: Promise<ReadonlyMap<string, StoredFile>> | undefined;

function openFiles(): Promise<ReadonlyMap<string, StoredFile>> {
  opened ??= import("./files.ts").then(({ CONSOLE_FILES }) => new Map(CONSOLE_FILES.map(storeFile)));
  return opened;
}

function storeFile({ name, text }: BundledFile): [string, StoredFile] {
  return [name, { text, gzip: Bun.gzipSync(text, { level: 9 }) }];
}

function send(request: Request, file: StoredFile, headers: Record<string, string>): Response {
  const acceptsGzip = /\bgzip\b/.test(request.headers.get("accept-encoding") ?? "");
  if (!acceptsGzip) return new Response(file.text, { headers: { vary: "Accept-Encoding", ...headers } });
  const encoded = { vary: "Accept-Encoding", "content-encoding": "gzip", ...headers };
  return new Response(file.gzip, { headers: encoded });
}
