/**
 * Help for one command, made from the same declaration that its command line is read by.
 *
 * @module
 */

import { displayWidth } from "../terminal/style.ts";
import { renderTable, TERMINAL_COLUMNS, wrap } from "../terminal/table.ts";
import type { Arguments, Example, Flag, Syntax } from "./command.ts";

/** What stands beside an example has at least so much room, or stands above it. */
const BESIDE_MIN = 24;

/** Flags, arguments and examples of one command: what `hako help COMMAND` shows. */
export function commandHelp(program: string, syntax: Syntax): string {
  const sections = [`Usage: ${program} ${syntax.name} ${usage(syntax)}`.trimEnd()];
  sections.push(wrap(sentence(syntax.summary)));
  if (syntax.about !== undefined) sections.push(wrap(syntax.about));
  if (syntax.arguments) sections.push(`Arguments:\n${argumentTable(syntax.arguments)}`);
  sections.push(`Flags:\n${flagTable(syntax)}`);
  if (syntax.examples.length > 0) sections.push(`Examples:\n${exampleLines(program, syntax)}`);
  if (syntax.exits) sections.push(`Exit codes:\n${exitTable(syntax.exits)}`);
  return sections.join("\n\n");
}

function usage({ flags, arguments: declared }: Syntax): string {
  const words = Object.keys(flags).length > 0 ? ["[FLAGS]"] : [];
  if (declared) words.push(...argumentWords(declared));
  return words.join(" ");
}

/** `IMAGE COMMAND [PATH...]`: what may be left out is in brackets. */
function argumentWords({ placeholder, countMin, countMax }: Arguments): string[] {
  const words = placeholder.split(" ");
  if (countMax > words.length) words.push(`${words.pop()}...`);
  const optional = words.splice(countMin).join(" ");
  return optional === "" ? words : [...words, `[${optional}]`];
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

/** Side by side, or, where a line is too long for that, what it does above it. */
function exampleLines(program: string, { name, examples }: Syntax): string {
  const lineOf = ({ line }: Example): string => `  ${program} ${name} ${line}`.trimEnd();
  const widest = Math.max(...examples.map((example) => displayWidth(lineOf(example))));
  if (widest <= TERMINAL_COLUMNS - BESIDE_MIN) {
    return renderTable({ rows: examples.map((example) => [lineOf(example), example.what]) });
  }
  const above = ({ what }: Example): string =>
    wrap(what, TERMINAL_COLUMNS - 4).replace(/^/gm, "  # ");
  return examples.map((example) => `${above(example)}\n${broken(lineOf(example))}`).join("\n");
}

/** A command line in several lines that can be pasted, where one is too long for a terminal. */
function broken(line: string): string {
  return wrap(line.trim(), TERMINAL_COLUMNS - 6).split("\n").join(" \\\n    ").replace(/^/, "  ");
}

function exitTable(exits: Readonly<Record<number, string>>): string {
  return renderTable({ rows: Object.entries(exits).map(([code, what]) => [`  ${code}`, what]) });
}

function sentence(summary: string): string {
  return `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`;
}
