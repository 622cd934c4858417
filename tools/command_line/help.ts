/**
 * Help, made from the same declarations that the command line is read by.
 *
 * @module
 */

import { wrap } from "../terminal/table.ts";
import { renderTable } from "../terminal/table.ts";
import type { Arguments, Command, Flag, Syntax } from "./command.ts";

/** Every command in one table: what `hako --help` shows. */
export function programHelp(program: string, commands: readonly Command[]): string {
  const rows = commands.map(({ name, summary }) => [`  ${name}`, summary]);
  rows.push(["  help COMMAND", "show a command's flags and examples"]);
  return [
    `Usage: ${program} COMMAND [FLAGS] [ARGUMENTS]`,
    "",
    "Commands:",
    renderTable({ rows }),
    "",
    "Flags:",
    renderTable({ rows: [["  -h, --help", "show this"], ["  --version", "show the version"]] }),
  ].join("\n");
}

/** Flags, arguments and examples of one command: what `hako help COMMAND` shows. */
export function commandHelp(program: string, syntax: Syntax): string {
  const sections = [`Usage: ${program} ${syntax.name} ${usage(syntax)}`.trimEnd()];
  sections.push(wrap(sentence(syntax.summary)));
  if (syntax.arguments) sections.push(`Arguments:\n${argumentTable(syntax.arguments)}`);
  sections.push(`Flags:\n${flagTable(syntax)}`);
  if (syntax.examples.length > 0) sections.push(`Examples:\n${exampleTable(program, syntax)}`);
  return sections.join("\n\n");
}

function usage({ flags, arguments: declared }: Syntax): string {
  const words = Object.keys(flags).length > 0 ? ["[FLAGS]"] : [];
  if (declared) {
    const many = declared.countMax > Math.max(1, declared.countMin) ? "..." : "";
    const word = `${declared.placeholder}${many}`;
    words.push(declared.countMin === 0 ? `[${word}]` : word);
  }
  return words.join(" ");
}

function argumentTable({ placeholder, summary }: Arguments): string {
  return renderTable({ rows: [[`  ${placeholder}`, summary]] });
}

function flagTable({ flags }: Syntax): string {
  const rows = Object.entries(flags).map(([name, flag]) => [flagWord(name, flag), flag.summary]);
  rows.push(["  -h, --help", "show this"]);
  return renderTable({ rows });
}

function flagWord(name: string, { letter, value }: Flag): string {
  const short = letter === undefined ? "" : `-${letter}, `;
  return `  ${short}--${name}${value === undefined ? "" : ` ${value}`}`;
}

function exampleTable(program: string, { name, examples }: Syntax): string {
  const rows = examples.map(({ line, what }) => [`  ${program} ${name} ${line}`.trimEnd(), what]);
  return renderTable({ rows });
}

function sentence(summary: string): string {
  return `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`;
}
