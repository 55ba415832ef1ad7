/** What is written nowhere, in code, comments, documentation and scripts. */
import { isTypeScript, placesOf, type Rule } from "./rule.ts";
import { isTest } from "./source-file.ts";

const silenced: Rule = {
  name: "nothing is switched off in silence",
  find: ({ path, text, code }) => {
    if (!isTypeScript(path)) return [];
    const switches = placesOf(
      text,
      /@ts-(?:ignore|nocheck)\b/g,
      (found) => `${found}: fix what the compiler says`,
    );
    const errors = placesOf(
      text,
      /@ts-expect-error[ \t]*$/gm,
      () => "@ts-expect-error without a reason beside it",
    );
    const tests = placesOf(
      code,
      /\b(?:test|it|describe)(?:\.each)?\.(?:only|skip|todo|failing)\b/g,
      (found) => `${found}: a test runs or is deleted`,
    );
    const isConditional = isTest(path) && /\b(?:test|it|describe)\.(?:skipIf|if|todoIf)\(/.test(code);
    const isSaid = text.includes("NOT TESTED");
    const unsaid =
      isConditional && !isSaid ? ['a test may be skipped: print "NOT TESTED: …" when it is'] : [];
    return [...switches, ...errors, ...tests, ...unsaid];
  },
  samples: [
    ["src/x.ts", "// @ts-ignore\nx();"],
    ["src/x.ts", "// @ts-nocheck"],
    ["src/x.ts", "// @ts-expect-error\nx();"],
    ["src/x.test.ts", 'test.only("x", () => {});'],
    ["src/x.test.ts", 'describe.skip("x", () => {});'],
    ["src/x.test.ts", 'test.todo("x");'],
    ["src/x.test.ts", 'test.skipIf(isRoot)("x", () => {});'],
  ],
  innocent: [
    ["src/x.test.ts", 'if (isRoot) console.warn("NOT TESTED: x");\ntest.skipIf(isRoot)("x", () => {});'],
    ["src/x.ts", "// @ts-expect-error the type forbids what is tested here\nx();\nring.skip(3);"],
  ],
};

const leftOver: Rule = {
  name: "nothing is left to be done later",
  find: ({ text }) =>
    placesOf(
      text,
      /\b(?:TODO|FIXME|XXX|HACK)\b|not (?:yet )?implemented/gi,
      (found) => `${found}: do it, or write an issue`,
    ),
  samples: [
    ["src/x.ts", "// TODO: later"],
    ["docs/x.md", "FIXME"],
    ["src/x.ts", 'throw new Error("not implemented");'],
  ],
  innocent: [["src/x.ts", 'mkdtemp("x-XXXXXX"); // todos os pagamentos']],
};

const machinePaths: Rule = {
  name: "no path of one machine is written down",
  find: ({ text }) =>
    placesOf(
      text,
      /(?<![\w.$/}~-])\/(?:work|workspaces?|home|root|Users)\/[\w.-]+/g,
      (found) => `${found}: use a path relative to the project, or mkdtemp`,
    ),
  samples: [
    ["docs/x.md", "See /home/somebody/notes."],
    ["scripts/x", "cd /work/project"],
    ["src/x.ts", 'open("/root/file");'],
  ],
  innocent: [
    ["src/x.ts", '"/srv/work/here"; "/$bunfs/root/x.ts"; "/homepage"; "~/home/x"'],
    ["docs/x.md", "/var/lib/catraca"],
  ],
};

/** Hosts that everybody can reach, which documentation and scripts may name. */
const PUBLIC_HOSTS = [
  /^(?:[\w-]+\.)*(?:github\.com|githubusercontent\.com|bun\.(?:sh|com)|sqlite\.org|elysiajs\.com|drizzle\.team|redis\.io|nginx\.org)$/,
  /^(?:[\w-]+\.)*(?:rfc-editor\.org|ietf\.org|w3\.org|mozilla\.org|debian\.org|freedesktop\.org|prometheus\.io|docker\.com)$/,
  /^(?:[\w-]+\.)*(?:biomejs\.dev|nodejs\.org|npmjs\.com|openapis\.org|swagger\.io|json-schema\.org|keepachangelog\.com|semver\.org|conventionalcommits\.org)$/,
  /^(?:[\w-]+\.)*(?:tigerbeetle\.com|jepsen\.io|temporal\.io|wikipedia\.org|doi\.org|acm\.org|usenix\.org|getpostman\.com)$/,
  // For examples, RFC 2606; and addresses of this machine.
  /(?:^|\.)(?:example(?:\.(?:com|org|net))?|invalid|test|localhost)$/,
  /^\d+\.\d+\.\d+\.\d+$/,
];

const foreignHosts: Rule = {
  name: "no host is named that others cannot reach",
  find: ({ text }) => {
    const hosts = [...text.matchAll(/\bhttps?:\/\/(?:[^\s/"'`@]*@)?([\w-]+(?:\.[\w-]+)+)/g)];
    const named = new Set(hosts.map((match) => match[1]?.toLowerCase() ?? ""));
    const unknown = [...named].filter((host) => !PUBLIC_HOSTS.some((pattern) => pattern.test(host)));
    return unknown.map((host) => `${host}: name the public address; if it is one, add it to PUBLIC_HOSTS`);
  },
  samples: [
    ["scripts/x", "curl https://packages.corporation.internal/x"],
    ["bunfig.toml", 'registry = "http://10-0-0-1.registry.lan:4873"'],
  ],
  innocent: [
    ["docs/x.md", "https://sqlite.org/wal.html http://payment-processor-default:8080 http://127.0.0.1:9999"],
  ],
};

const packageSources: Rule = {
  name: "packages come from the usual registry",
  find: ({ path, text }) => {
    if (
      !/(?:^|\/)(?:package\.json|bunfig\.toml|\.npmrc|Dockerfile|compose\.yml)$|^scripts\/|^\.ci\//.test(path)
    )
      return [];
    return placesOf(
      text,
      /\bregistry\s*=|"registry"\s*:|--registry\b|npm_config_registry|"(?:git\+|file:|link:)/gi,
      (found) => `${found}: leave the registry to the machine's own configuration`,
    );
  },
  samples: [
    ["scripts/x", "npm install --registry https://example.com"],
    ["bunfig.toml", 'registry = "https://example.com"'],
    ["package.json", '"x": "git+ssh://example.com/x"'],
  ],
  innocent: [["package.json", '"elysia": "1.4.30"']],
};

const comparedSecrets: Rule = {
  name: "what a caller must know is compared in constant time",
  find: ({ path, code }) => {
    if (!/^src\/.*\.ts$/.test(path) || isTest(path)) return [];
    return placesOf(
      code,
      /[!=]== *[\w.#]*(?:[tT]oken|[sS]ecret|[pP]assword)\b|\b[\w.#]*(?:[tT]oken|[sS]ecret|[pP]assword) [!=]== (?!null\b|undefined\b|")/g,
      (found) => `${found}: how long that takes tells how much of it was right; use KnownSecret`,
    );
  },
  samples: [
    ["src/x.ts", 'return request.headers.get("x-token") === this.#token;'],
    ["src/x.ts", "return state.token !== sent;"],
    ["src/x.ts", "if (sent.password === known) x();"],
  ],
  innocent: [
    ["src/x.ts", 'if (token === null || secret !== undefined || typeof token === "string") x();'],
    ["src/x.ts", "if (tokens === 3 || sent === tokenCount) x();"],
    ["src/x.test.ts", "sent === token;"],
  ],
};

export const TEXT_RULES: readonly Rule[] = [
  silenced,
  leftOver,
  machinePaths,
  foreignHosts,
  packageSources,
  comparedSecrets,
];
