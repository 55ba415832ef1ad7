import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { GroupLimits } from "./control-group.ts";

/** What a run without containers needs to know of a service in compose.yml. */
export interface Service {
  readonly name: string;
  /** Empty for the image's own. */
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Null where the file sets none. */
  readonly limits: GroupLimits | null;
}

export const PROJECT = join(import.meta.dir, "../..");

/** As far as compose.yml of this project uses the format. */
interface ComposeFile {
  readonly services: Readonly<
    Record<
      string,
      {
        readonly command?: readonly string[];
        readonly environment?: Readonly<Record<string, string>>;
        readonly deploy?: { readonly resources: { readonly limits: { cpus: string; memory: string } } };
      }
    >
  >;
}

/**
 * The services of this project's compose.yml, so that a run without containers has the same programs, settings
 * and limits. @param variables stand for `${NAME:-default}` in the file
 */
export function readServices(variables: Readonly<Record<string, string | undefined>>): Map<string, Service> {
  const text = readFileSync(join(PROJECT, "compose.yml"), "utf8").replace(
    /\$\{(\w+):-([^}]*)\}/g,
    (_, name: string, otherwise: string) => variables[name] ?? otherwise,
  );
  // The file is this project's own, and a test runs it.
  const { services } = Bun.YAML.parse(text) as ComposeFile;
  return new Map(
    Object.entries(services).map(([name, { command = [], environment = {}, deploy }]) => {
      const limits = deploy?.resources.limits;
      const parsed = limits && { cpus: Number(limits.cpus), memoryBytes: bytesOf(limits.memory) };
      return [name, { name, command, environment, limits: parsed ?? null }];
    }),
  );
}

/** "80M" is 80 × 2^20, as container engines read it. */
function bytesOf(size: string): number {
  const megabytes = /^(\d+)M$/.exec(size)?.[1];
  if (megabytes === undefined) throw new Error(`compose.yml: expected a size such as 80M, got ${size}`);
  return Number(megabytes) * 2 ** 20;
}
