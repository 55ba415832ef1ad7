import { bundleConsole } from "./bundle.ts" with { type: "macro" };

/**
 * The console's files. Import this module when somebody asks for one, not before: a replica that nobody looks at
 * should not hold them in memory.
 */
export const CONSOLE_FILES = bundleConsole();
