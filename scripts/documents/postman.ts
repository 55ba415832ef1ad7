/** Turns an OpenAPI document into a Postman collection (v2.1), which Bruno and Insomnia import too. */

/** What is read of the OpenAPI document; it has more. */
export interface ApiDocument {
  readonly info: { readonly title: string; readonly version: string; readonly description?: string };
  readonly tags?: readonly { readonly name: string; readonly description?: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

interface Operation {
  readonly tags?: readonly string[];
  readonly summary?: string;
  readonly description?: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: {
    readonly content?: Readonly<Record<string, { readonly example?: unknown; readonly schema?: unknown }>>;
  };
}

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly description?: string;
  readonly example?: unknown;
}

interface Folder {
  readonly name: string;
  readonly description?: string;
  readonly item: unknown[];
}

const SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json";
const UNTAGGED = "Other";

/** A folder per tag, a request per operation, the examples of the document as bodies. */
export function toPostmanCollection(document: ApiDocument): object {
  const folders = new Map<string, Folder>();
  for (const { name, description } of document.tags ?? []) {
    folders.set(name, { name, ...(description === undefined ? {} : { description }), item: [] });
  }
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      const tag = operation.tags?.[0] ?? UNTAGGED;
      const folder = folders.get(tag) ?? { name: tag, item: [] };
      folders.set(tag, folder);
      folder.item.push(toRequest(path, method, operation));
    }
  }
  const { title, version, description = "" } = document.info;
  return {
    info: { name: `${title} ${version}`, description, schema: SCHEMA },
    auth: { type: "bearer", bearer: [{ key: "token", value: "{{adminToken}}", type: "string" }] },
    variable: [
      { key: "baseUrl", value: "http://127.0.0.1:9999" },
      { key: "adminToken", value: "" },
    ],
    item: [...folders.values()].filter(({ item }) => item.length > 0),
  };
}

function toRequest(path: string, method: string, operation: Operation): object {
  const { summary = `${method.toUpperCase()} ${path}`, description = "", parameters = [] } = operation;
  const json = operation.requestBody?.content?.["application/json"];
  const body = json?.example;
  return {
    name: summary,
    request: {
      method: method.toUpperCase(),
      description,
      header: json === undefined ? [] : [{ key: "Content-Type", value: "application/json" }],
      url: toUrl(path, parameters),
      ...(body === undefined
        ? {}
        : {
            body: { mode: "raw", raw: JSON.stringify(body, null, 2), options: { raw: { language: "json" } } },
          }),
    },
  };
}

function toUrl(path: string, parameters: readonly Parameter[]): object {
  const segments = path
    .split("/")
    .filter((segment) => segment !== "")
    .map((segment) => segment.replace(/^\{(\w+)\}$/, ":$1"));
  const entries = (place: string) =>
    parameters
      .filter((parameter) => parameter.in === place)
      .map(({ name, description = "", example = "" }) => ({
        key: name,
        value: String(example),
        description,
        ...(place === "query" ? { disabled: true } : {}),
      }));
  return {
    raw: `{{baseUrl}}/${segments.join("/")}`,
    host: ["{{baseUrl}}"],
    path: segments,
    query: entries("query"),
    variable: entries("path"),
  };
}
