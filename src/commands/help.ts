/** `catraca help`: everything in it comes from the tables of commands and settings. */
import { SETTINGS } from "../config/settings.ts";
import { type Command, type CommandContext, EXIT } from "./command.ts";
import { findCommand, unknownCommand } from "./find-command.ts";
import { COMMANDS } from "./table.ts";

const WIDTH = 100;
const FLAG_WIDTH = 42;

/** Prints the general help, or that of the command named by the operand. */
export async function run({ args, print }: CommandContext): Promise<number> {
  const name = args[0];
  const command = name === undefined ? undefined : findCommand(name);
  if (name !== undefined && command === undefined) {
    print(unknownCommand(name));
    return EXIT.usage;
  }
  print(command === undefined ? renderHelp() : renderCommandHelp(command));
  return EXIT.ok;
}

/** The text of `catraca --help`. */
export function renderHelp(): string {
  return [
    "catraca: a payment gateway in one executable.",
    "",
    "Usage: catraca [command] [flags]",
    "",
    "Commands:",
    ...COMMANDS.flatMap((command) => inColumns(usageOf(command), command.summary, 24)),
    "",
    ...renderSettings(COMMANDS.flatMap(({ sections }) => sections)),
    ...NOTES,
  ].join("\n");
}

/** The text of `catraca <command> --help`. */
export function renderCommandHelp(command: Command): string {
  const flags = command.flags.flatMap(({ flag, meaning }) => inColumns(flag, meaning, FLAG_WIDTH));
  return [
    command.summary,
    ...(command.details === undefined ? [] : ["", ...wrap(command.details, WIDTH)]),
    "",
    `Usage: catraca ${usageOf(command)} [flags]`,
    "",
    ...(flags.length === 0 ? [] : ["Flags:", ...flags, ""]),
    ...renderSettings(command.sections),
    ...NOTES,
  ].join("\n");
}

const NOTES: readonly string[] = [
  "A flag's environment variable has the same name: --max-hold-seconds is MAX_HOLD_SECONDS, also",
  "CATRACA_MAX_HOLD_SECONDS. A flag comes before the variable, the variable before the default in brackets.",
  "A secret is also read from a file: --admin-token-file, ADMIN_TOKEN_FILE. --name=value works too.",
  "",
  "Exit codes: 0 all went well, 1 it did not, 2 the command line or a setting is wrong.",
];

function renderSettings(sections: readonly string[]): readonly string[] {
  const shown = SETTINGS.filter(({ section }) => sections.includes(section));
  return [...new Set(shown.map(({ section }) => section))].flatMap((section) => [
    `${section}:`,
    ...shown
      .filter((setting) => setting.section === section)
      .flatMap(({ flag, kind, meaning, defaultText }) => {
        const usage = kind === "boolean" ? flag.replace("--", "--[no-]") : `${flag} <${kind}>`;
        return inColumns(usage, `${meaning} [${defaultText}]`.replaceAll("`", ""), FLAG_WIDTH);
      }),
    "",
  ]);
}

function usageOf(command: Command): string {
  const operands = command.operands.map((operand) =>
    operand.endsWith("?") ? `[${operand.slice(0, -1)}]` : `<${operand}>`,
  );
  return [command.name, ...operands].join(" ");
}

/** Two columns; a left text that is too long for its column gets a line of its own. */
function inColumns(left: string, right: string, leftWidth: number): readonly string[] {
  const indent = " ".repeat(leftWidth + 2);
  const lines = wrap(right, WIDTH - indent.length);
  const fits = left.length + 2 <= leftWidth;
  const first = fits ? `  ${left.padEnd(leftWidth)}${lines[0] ?? ""}` : `  ${left}`;
  return [first, ...lines.slice(fits ? 1 : 0).map((line) => indent + line)];
}

function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
