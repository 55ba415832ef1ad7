import { ERROR_CODES, ERRORS } from "./error-codes.ts";

/** The text of `docs/errors.md`, from the table of errors. */
export function renderErrorsMarkdown(): string {
  const rows = ERROR_CODES.map((code) => {
    const { status, title, meaning, remedy } = ERRORS[code];
    return `| <a id="${code}"></a>\`${code}\` | ${status} | ${title} | ${meaning} | ${remedy} |`;
  });
  return `# Errors

<!-- Generated from src/http/error-codes.ts; do not edit. -->

Every error is answered as \`application/problem+json\` (RFC 9457):

\`\`\`json
${JSON.stringify(EXAMPLE, null, 2)}
\`\`\`

\`code\` is stable: branch on it. \`detail\` says what to do and may change; \`message\` repeats it. \`errors\` is there for
invalid fields only and names what is expected, never what was received. Every answer carries \`x-request-id\`, which
is in every log line of the request.

| code | status | title | when | what to do |
|---|---|---|---|---|
${rows.join("\n")}
`;
}

const EXAMPLE = {
  type: "/docs/errors#VALIDATION",
  title: ERRORS.VALIDATION.title,
  status: ERRORS.VALIDATION.status,
  detail: ERRORS.VALIDATION.remedy,
  code: "VALIDATION",
  errors: [{ path: "amount", message: "must have at most 2 decimals" }],
  message: ERRORS.VALIDATION.remedy,
};

/** The page's style; its digest is in the page's Content-Security-Policy. */
export const ERRORS_STYLE =
  "body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:75rem;padding:0 1rem}" +
  "table{border-collapse:collapse}th,td{border-top:1px solid #ccc;padding:.4rem .8rem;text-align:left;" +
  "vertical-align:top}tr:target{background:#fff3c4}tbody th{font:600 .8rem ui-monospace,monospace}";

/** The page `/docs/errors`, where `type` of every problem points: plain HTML without scripts. */
export function renderErrorsHtml(): string {
  const rows = ERROR_CODES.map((code) => {
    const { status, title, meaning, remedy } = ERRORS[code];
    const cells = [String(status), title, meaning, remedy].map((text) => `<td>${escapeHtml(text)}</td>`);
    return `<tr id="${code}"><th scope="row"><a href="#${code}">${code}</a></th>${cells.join("")}</tr>`;
  });
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>catraca: errors</title><style>${ERRORS_STYLE}</style></head>
<body><main><h1>Errors</h1>
<p>Every error is answered as <code>application/problem+json</code> (RFC 9457). <code>code</code> is stable;
<code>detail</code> says what to do. Report the <code>x-request-id</code> of an answer that you do not understand.</p>
<table><thead><tr><th>code</th><th>status</th><th>title</th><th>when</th><th>what to do</th></tr></thead>
<tbody>
${rows.join("\n")}
</tbody></table></main></body></html>
`;
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
