/**
 * Help for the whole program: every command in its group, at one glance.
 *
 * @module
 */

import { renderTable, wrap } from "../terminal/table.ts";
import { commandsOf, type Program } from "./command_table.ts";

const HELP = "help COMMAND";

/** Every command: what `hako --help` shows. */
export function programHelp(program: Program): string {
  const { name, call, summary, groups, exits } = program;
  const names = [HELP, ...commandsOf(program).map((command) => command.name)];
  const width = Math.max(...names.map((word) => word.length));
  const table = (rows: readonly (readonly [string, string])[]): string =>
    renderTable({ rows: rows.map(([word, what]) => [`  ${word.padEnd(width)}`, what]) });
  return [
    `Usage: ${call} COMMAND [FLAGS] [ARGUMENTS]`,
    wrap(summary),
    ...groups.map(({ title, commands }) =>
      `${title}:\n${table(commands.map((command) => [command.name, command.summary] as const))}`
    ),
    "Help:\n" + table([
      [HELP, "show a command's flags and examples; so does COMMAND --help"],
      ["-h, --help", "show this"],
      ["--version", `show the versions of ${name} and Deno`],
    ]),
    `Exit codes:\n${table(exits.map(({ code, meaning }) => [code, meaning] as const))}`,
  ].join("\n\n");
}
