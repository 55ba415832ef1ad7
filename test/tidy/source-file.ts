import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";

/** One file of the project as the rules see it. */
export interface SourceFile {
  /** Relative to the project's folder, with forward slashes. */
  readonly path: string;
  readonly text: string;
  /** `text` without comments, with the same line numbers; only for TypeScript. */
  readonly code: string;
}

export const PROJECT = resolve(import.meta.dir, "../..");

/** Not ours, or made by us from something else. */
const FOREIGN = /^(?:node_modules|dist|data|\.git|\.bun)\//;
/** Lists of versions and licence texts are not written by us either. */
const NOT_WRITTEN_HERE = new Set(["bun.lock", "LICENSE"]);

/** Every text file of the project. */
export function projectFiles(): SourceFile[] {
  const paths = [...new Bun.Glob("**/*").scanSync({ cwd: PROJECT, dot: true, onlyFiles: true })];
  return paths
    .filter((path) => !FOREIGN.test(path) && !path.includes("node_modules/") && !NOT_WRITTEN_HERE.has(path))
    .map((path) => sourceFile(path, readFileSync(join(PROJECT, path), "utf8")))
    .filter(({ text }) => !text.includes("\0"))
    .sort((one, other) => (one.path < other.path ? -1 : 1));
}

export function sourceFile(path: string, text: string): SourceFile {
  return { path, text, code: path.endsWith(".ts") ? withoutComments(text) : text };
}

/** A text, a template, a regular expression (recognised by what stands before it), or a comment. */
const TOKENS =
  /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\[\s\S]|[^`\\])*`|(?<=[=(,:[!&|?{};]\s*)\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g;

function withoutComments(text: string): string {
  return text.replace(TOKENS, (token) =>
    token.startsWith("/*") || token.startsWith("//") ? token.replace(/[^\n]/g, "") : token,
  );
}

export function isTest(path: string): boolean {
  return path.endsWith(".test.ts");
}

/** What a file imports, static and dynamic: package names as they are, relative paths from the project's folder. */
export function importsOf({ path, code }: SourceFile): string[] {
  const named = [...code.matchAll(/\b(?:from|import)\s*\(?\s*"([^"\n]+)"/g)].map((match) => match[1] ?? "");
  return named.map((name) => (name.startsWith(".") ? join(path, "..", name) : name));
}
