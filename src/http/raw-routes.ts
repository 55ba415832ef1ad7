/** What this file needs to know of a route. */
export interface ParsedRoute {
  readonly method: string;
  readonly path: string;
  readonly hooks: { readonly parse?: unknown };
}

/**
 * Which routes declare `parse: "none"` and read their bodies themselves. Elysia runs an app-wide parser before a
 * route's own, so the app-wide one has to ask. Mounted handlers are such routes, too.
 */
export class RawRoutes {
  readonly #routes: () => readonly ParsedRoute[];
  #known = 0;
  /** Methods by path; `ALL` stands for every method. */
  readonly #methods = new Map<string, Set<string>>();

  /** `routes` is asked again when it has grown: modules may be added after the app was made. */
  constructor(routes: () => readonly ParsedRoute[]) {
    this.#routes = routes;
  }

  /** Whether the route of `path`, written as it was declared, reads its own body. */
  includes(method: string, path: string): boolean {
    const routes = this.#routes();
    if (routes.length !== this.#known) this.#index(routes);
    const methods = this.#methods.get(path);
    return methods !== undefined && (methods.has(method) || methods.has("ALL"));
  }

  #index(routes: readonly ParsedRoute[]): void {
    for (const { method, path, hooks } of routes) {
      if (!declaresNone(hooks.parse)) continue;
      const methods = this.#methods.get(path) ?? new Set();
      this.#methods.set(path, methods.add(method));
    }
    this.#known = routes.length;
  }
}

/** Elysia keeps a hook as given or in a container `{ fn }`, alone or in a list. */
function declaresNone(parse: unknown): boolean {
  if (Array.isArray(parse)) return parse.some(declaresNone);
  if (typeof parse === "object" && parse !== null && "fn" in parse) return parse.fn === "none";
  return parse === "none";
}
