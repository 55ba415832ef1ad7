/** Where a setting's value came from; printed by `catraca config` and named in every message. */
export type SettingSource =
  | { readonly kind: "default" }
  | { readonly kind: "environment"; readonly name: string }
  | { readonly kind: "flag"; readonly name: string }
  /** A secret's file; `name` is the variable or flag that named it. */
  | { readonly kind: "file"; readonly name: string; readonly path: string };

/** The source as a person reads it: `environment variable PORT`. */
export function describeSource(source: SettingSource): string {
  switch (source.kind) {
    case "default":
      return "default";
    case "environment":
      return `environment variable ${source.name}`;
    case "flag":
      return `flag ${source.name}`;
    case "file":
      return `file ${source.path} (${source.name})`;
  }
}
