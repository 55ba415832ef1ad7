/** What this file needs to know of a route: its method and its path as Elysia writes it. */
export interface RouteKey {
  readonly method: string;
  readonly path: string;
}

interface RoutePattern {
  readonly method: string;
  readonly segments: readonly string[];
}

/**
 * Answers which methods a path has, for `Allow` (RFC 9110, 10.2.1) and to tell 405 from 404. Only failed requests
 * come here, so the patterns are simply tried one after the other.
 */
export class AllowedMethods {
  readonly #routes: () => readonly RouteKey[];
  #patterns: readonly RoutePattern[] = [];

  /** `routes` is asked again when it has grown: modules may be added after the app was made. */
  constructor(routes: () => readonly RouteKey[]) {
    this.#routes = routes;
  }

  /** The methods of `path`, without query, in alphabetical order; empty if there is no such route. */
  of(path: string): readonly string[] {
    const routes = this.#routes();
    if (routes.length !== this.#patterns.length) {
      this.#patterns = routes.map(({ method, path }) => ({ method, segments: segmentsOf(path) }));
    }
    const segments = segmentsOf(path);
    const methods = new Set<string>();
    for (const pattern of this.#patterns) {
      if (matches(pattern.segments, segments)) methods.add(pattern.method);
    }
    if (methods.size === 0) return [];
    // Elysia answers HEAD wherever there is GET; OPTIONS is answered wherever there is a route.
    if (methods.has("GET")) methods.add("HEAD");
    methods.add("OPTIONS");
    return [...methods].sort();
  }
}

/** The parts between the slashes; a trailing slash makes no difference. */
function segmentsOf(path: string): string[] {
  const segments = path.split("/").slice(1);
  if (segments.at(-1) === "") segments.pop();
  return segments;
}

function matches(pattern: readonly string[], segments: readonly string[]): boolean {
  for (let index = 0; index < pattern.length; index++) {
    const expected = pattern[index];
    const actual = segments[index];
    if (expected === "*") return true;
    const isOptional = expected?.startsWith(":") === true && expected.endsWith("?");
    if (actual === undefined || actual === "") {
      if (!isOptional) return false;
    } else if (expected !== actual && expected?.startsWith(":") !== true) {
      return false;
    }
  }
  return segments.length <= pattern.length;
}

/** The path of a request's URL, without query; does not fail on what `new URL` refuses. */
export function pathOf(url: string): string {
  const start = url.indexOf("/", url.indexOf("://") + 3);
  if (start === -1) return "/";
  const end = url.indexOf("?", start);
  return end === -1 ? url.slice(start) : url.slice(start, end);
}
