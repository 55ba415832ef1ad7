import { IMPORT_RULES } from "./import-rules.ts";
import { isTypeScript, linesOf, type Rule } from "./rule.ts";
import { isTest } from "./source-file.ts";
import { TEXT_RULES } from "./text-rules.ts";

const LINES_MAX = 400;
const TEST_LINES_MAX = 600;

const fileSize: Rule = {
  name: `a file has at most ${LINES_MAX} lines, a test at most ${TEST_LINES_MAX}`,
  find: ({ path, text }) => {
    if (!isTypeScript(path) && !path.startsWith("scripts/")) return [];
    const lines = linesOf(text);
    const max = isTest(path) ? TEST_LINES_MAX : LINES_MAX;
    return lines > max ? [`${lines} lines: split it by what it does; the end is ${max}`] : [];
  },
  samples: [
    ["src/engine/long.ts", "x;\n".repeat(LINES_MAX + 1)],
    ["src/engine/long.test.ts", "x;\n".repeat(TEST_LINES_MAX + 1)],
  ],
  innocent: [
    ["src/engine/long.ts", "x;\n".repeat(LINES_MAX)],
    ["src/engine/long.test.ts", "x;\n".repeat(TEST_LINES_MAX)],
  ],
};

const fileName: Rule = {
  name: "a file's name says what is in it",
  find: ({ path }) => {
    const bucket = /(?:^|\/)(?:utils?|common|helpers?|misc|shared)(?:\/|\.\w+$)|(?:^|\/)types\.ts$/.exec(
      path,
    );
    return bucket === null ? [] : [`"${bucket[0]}" is a bucket: name it after the one thing that is in it`];
  },
  samples: [
    ["src/engine/utils.ts", ""],
    ["src/common/money.ts", ""],
    ["test/helpers/until.ts", ""],
    ["src/store/types.ts", ""],
  ],
  innocent: [
    ["src/engine/shared-state.ts", ""],
    ["src/domain/task-types.ts", ""],
  ],
};

export const RULES: readonly Rule[] = [fileSize, fileName, ...IMPORT_RULES, ...TEXT_RULES];
