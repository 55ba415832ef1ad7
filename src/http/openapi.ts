import { Elysia } from "elysia";
import swaggerCss from "swagger-ui-dist/swagger-ui.css" with { type: "file" };
import swaggerScript from "swagger-ui-dist/swagger-ui-bundle.js" with { type: "file" };
import { buildInfo } from "../build-info.ts";
import { buildApiDocument } from "./api-document.ts";
import { ERRORS_STYLE, renderErrorsHtml } from "./errors-page.ts";

/**
 * The documentation that the executable serves itself: Swagger UI at /docs, the OpenAPI document at /docs/json,
 * the table of errors at /docs/errors. Nothing comes from another host, and nothing is in memory before it is
 * asked for: the two big files are embedded in the executable and sent from there.
 */
export function openApi() {
  const docs = new Elysia({ name: "docs", detail: { hide: true } });
  // Kept once it is made: it is small and never changes, making it is neither.
  let document: string | undefined;
  const readDocument = async (): Promise<Response> => {
    document ??= JSON.stringify(await buildApiDocument(docs));
    return new Response(document, { headers: { "content-type": "application/json", ...FRESH } });
  };
  return docs
    .get("/docs", () => html(PAGE, PAGE_POLICY))
    .get("/docs/json", readDocument)
    .get("/docs/errors", () => html(renderErrorsHtml(), errorsPolicy()))
    .get("/docs/start.js", () => new Response(START, { headers: { "content-type": SCRIPT_TYPE, ...FRESH } }))
    .get("/docs/swagger-ui.js", ({ request }) => file(request, swaggerScript, SCRIPT_TYPE))
    .get("/docs/swagger-ui.css", ({ request }) => file(request, swaggerCss, "text/css; charset=utf-8"));
}

const SCRIPT_TYPE = "text/javascript; charset=utf-8";
const FRESH = { "cache-control": "no-cache", "x-content-type-options": "nosniff" };

// Swagger UI draws with inline styles and with images in data: URLs; scripts and calls stay at this origin.
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const PAGE = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>catraca: API</title><link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/swagger-ui.css"></head>
<body><div id="swagger-ui"></div>
<script src="/docs/swagger-ui.js"></script><script src="/docs/start.js"></script></body></html>
`;

// `validatorUrl: null`: the badge would send the document to another host.
const START = `SwaggerUIBundle({
  url: "/docs/json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  validatorUrl: null,
  supportedSubmitMethods: ["get", "put", "post", "delete", "options", "head", "patch"],
});
`;

function html(text: string, policy: string): Response {
  const headers = {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": policy,
    "referrer-policy": "no-referrer",
    ...FRESH,
  };
  return new Response(text, { headers });
}

/** The page's own style is allowed by its digest, nothing else is. */
function errorsPolicy(): string {
  const digest = new Bun.CryptoHasher("sha256").update(ERRORS_STYLE).digest("base64");
  return `default-src 'none'; style-src 'sha256-${digest}'; base-uri 'none'; frame-ancestors 'none'`;
}

/** The files change with the build only, so its name is their tag: a browser fetches them once. */
const ETAG = `"${buildInfo.version}-${buildInfo.revision}"`;

function file(request: Request, path: string, type: string): Response {
  const headers = { etag: ETAG, "content-type": type, ...FRESH };
  if (request.headers.get("if-none-match") === ETAG) return new Response(null, { status: 304, headers });
  return new Response(Bun.file(path), { headers });
}
