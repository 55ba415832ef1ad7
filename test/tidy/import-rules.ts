/** Who may know whom. */
import { isTypeScript, placesOf, type Rule } from "./rule.ts";
import { importsOf, isTest } from "./source-file.ts";

const domainImports: Rule = {
  name: "domain/ is pure: it imports nothing from other folders",
  find: (file) => {
    if (!file.path.startsWith("src/domain/") || isTest(file.path)) return [];
    const outside = importsOf(file).filter((name) => !name.startsWith("src/domain/"));
    return outside.map((name) => `imports ${name}: pass in what it needs as a parameter, or move the file`);
  },
  samples: [
    ["src/domain/x.ts", 'import { LIMITS } from "../config/limits.ts";'],
    ["src/domain/x.ts", 'import type { Settings } from "../config/settings.ts";'],
    ["src/domain/x.ts", 'import { readFileSync } from "node:fs";'],
    ["src/domain/deep/x.ts", 'export * from "../../ring/layout.ts";'],
    ["src/domain/x.ts", 'const load = () => import("elysia");'],
  ],
  innocent: [
    ["src/domain/x.ts", 'import { toCents } from "./money.ts";\n// import { x } from "../config/limits.ts"'],
    ["src/domain/x.test.ts", 'import { test } from "bun:test";'],
  ],
};

/** What only a program can know: the time, chance, the machine. */
const IMPURE =
  /\b(?:Bun|process|performance|crypto|console)\.\w+|\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\b(?:setTimeout|setInterval|setImmediate|queueMicrotask|fetch)\(/g;

const domainPurity: Rule = {
  name: "domain/ is pure: clock, randomness and I/O come in as parameters",
  find: ({ path, code }) => {
    if (!path.startsWith("src/domain/") || isTest(path)) return [];
    return placesOf(code, IMPURE, (found) => `${found}: let the caller pass it in`);
  },
  samples: [
    ["src/domain/x.ts", "export const now = () => Date.now();"],
    ["src/domain/x.ts", "export const chance = () => Math.random() < 0.5;"],
    ["src/domain/x.ts", 'const k = process.env["K"];'],
    ["src/domain/x.ts", "const today = new Date();"],
  ],
  innocent: [["src/domain/x.ts", "/** @example retryDelayMs(policy, 3, Math.random) */\nnew Date(ms);"]],
};

const moduleTables: Rule = {
  name: "a module's table.ts is its own",
  find: (file) => {
    // A test may look at the rows themselves.
    if (!file.path.startsWith("src/") || isTest(file.path)) return [];
    const tables = importsOf(file).filter((name) =>
      /^src\/modules\/[^/]+\/(?:[\w-]+-)?table\.ts$/.test(name),
    );
    const foreign = tables.filter(
      (name) => !file.path.startsWith(`${name.slice(0, name.lastIndexOf("/"))}/`),
    );
    return foreign.map((name) => `imports ${name}: ask that module's commands.ts or queries.ts instead`);
  },
  samples: [
    ["src/modules/orders/commands.ts", 'import { payments } from "../payments/table.ts";'],
    ["src/engine/x.ts", 'import type { payments } from "../modules/payments/table.ts";'],
  ],
  innocent: [
    ["src/modules/orders/commands.ts", 'import { orders } from "./table.ts";'],
    ["test/cluster/x.test.ts", 'import { payments } from "../../src/modules/payments/table.ts";'],
    ["src/commands/find.ts", 'import { COMMANDS } from "./table.ts";'],
  ],
};

const MAY_SPEAK_SQL =
  /^src\/store\/|^src\/modules\/[^/]+\/(?:[\w-]+-)?(?:commands|queries|table|statements|writer)\.ts$/;

const sqlPlaces: Rule = {
  name: "only src/store/ and the modules' tables, commands and queries speak SQL",
  find: (file) => {
    const { path } = file;
    if (!path.startsWith("src/") || isTest(path) || path.includes("/fixtures/")) return [];
    const driver = "bun:sqlite";
    const spoken = importsOf(file).filter((name) => name === driver || name.startsWith("drizzle-orm"));
    return spoken.flatMap((name) => {
      if (name === driver && path !== "src/ring/ring-lock.ts" && !path.startsWith("src/store/"))
        return [`imports ${name}: only src/store/ and src/ring/ring-lock.ts may`];
      if (name !== driver && !MAY_SPEAK_SQL.test(path))
        return [
          `imports ${name}: put the statement into the module's commands.ts, queries.ts or a …-writer.ts`,
        ];
      return [];
    });
  },
  samples: [
    ["src/modules/orders/routes.ts", 'import { eq } from "drizzle-orm";'],
    ["src/engine/x.ts", 'import { drizzle } from "drizzle-orm/bun-sqlite";'],
    ["src/modules/orders/queries.ts", 'import { Database } from "bun:sqlite";'],
    ["src/commands/x.ts", 'const sqlite = await import("bun:sqlite");'],
  ],
  innocent: [
    ["src/modules/orders/event-writer.ts", 'import { sql } from "drizzle-orm";'],
    ["src/store/database.ts", 'import { Database } from "bun:sqlite";'],
    ["src/modules/orders/orders.test.ts", 'import { Database } from "bun:sqlite";'],
  ],
};

const sharedMemory: Rule = {
  name: "Atomics and mmap are called in src/ring/ only",
  find: ({ path, code }) => {
    if (!isTypeScript(path) || path.startsWith("src/ring/")) return [];
    return placesOf(code, /\bAtomics\.\w+|\bBun\.mmap\b/g, (found) => `${found}: use what src/ring/ offers`);
  },
  samples: [
    ["src/metrics/x.ts", "Atomics.add(words, 0, 1);"],
    ["src/engine/x.ts", "const bytes = Bun.mmap(path);"],
  ],
  innocent: [
    ["src/ring/x.ts", "Atomics.wait(words, 0, 0);"],
    ["src/metrics/x.ts", "// without Atomics.load"],
  ],
};

const sourceDirection: Rule = {
  name: "the product does not know its tests and scripts",
  find: (file) => {
    if (!file.path.startsWith("src/") || isTest(file.path) || file.path.includes("/fixtures/")) return [];
    const wrong = importsOf(file).filter((name) => /^(?:test|scripts)\/|\/fixtures\/|\.test\.ts$/.test(name));
    return wrong.map((name) => `imports ${name}: move what is needed into src/`);
  },
  samples: [
    ["src/engine/x.ts", 'import { until } from "../../test/e2e/until.ts";'],
    ["src/engine/x.ts", 'import { random } from "./fixtures/random.ts";'],
  ],
  innocent: [["src/ring/ring.test.ts", 'import { random } from "./fixtures/random.ts";']],
};

export const IMPORT_RULES: readonly Rule[] = [
  domainImports,
  domainPurity,
  moduleTables,
  sqlPlaces,
  sharedMemory,
  sourceDirection,
];
