/**
 * The reference of all commands, as a page of the documentation. It is made from their table, so that
 * it cannot say anything else than `--help`.
 *
 * @module
 */

import { wrap } from "../../terminal/table.ts";
import type { Program } from "../command_table.ts";
import { commandHelp } from "../help.ts";
import { programHelp } from "../program_help.ts";

/** Columns of prose in the documentation. */
const COLUMNS = 100;

// Code without blanks in it: a formatter breaks lines at others than ours.
const OPENING = [
  "This page is what `--help` shows. It is made from the table " +
  "that command lines are read by; a test compares the two, and tells how to write it anew.",
  "In a checkout that is not installed, write deno task hako for `hako`. Paths are relative to " +
  "where you are. A flag's value follows it, or an equals sign: `--seed=7`. What follows `--` is no " +
  "flag.",
];

const CLOSING = [
  "## How they end",
  "A command that runs until somebody ends it (`run`, `top`, `trace`, `dash`, `serve`, and `mount` " +
  "with `--foreground`) halts its system in order at Ctrl-C, everything flushed, and exits with 0. A " +
  "second Ctrl-C ends it at once, with 130. What ends by itself and was interrupted before exits " +
  "with 130; `fs` leaves a sound image behind, whatever it was doing.",
  "Results go to the standard output, and so do lines of JSON. Progress and what went wrong go to the " +
  "error output, the latter as one line that begins with the command. A misused command line is told " +
  "what is wrong with it, and what was probably meant. A stack is shown only for a fault of Hako " +
  "itself, which exits with 1.",
  "## Environment",
  "- `NO_COLOR`: if it is set, nothing is coloured. Nothing is where the output is no terminal.\n" +
  "- `TMPDIR`: where temporary files go; `/tmp` if left out.\n" +
  "- `OTEL_DENO`: `run`, `top` and `trace` export metrics, where it is `true`.\n" +
  "- `XDG_STATE_HOME`, `HOME`: where `mount` keeps the logs of what is mounted.",
];

/** The page. */
export function referencePage(program: Program): string {
  const sections = [
    "# Commands",
    ...OPENING.map(prose),
    block(programHelp(program)),
    ...program.groups.flatMap(({ title, commands }) => [
      `## ${title}`,
      ...commands.flatMap((command) => [
        `### ${program.name} ${command.name}`,
        block(commandHelp(program.call, command)),
      ]),
    ]),
    ...CLOSING.map((text) => /^[#-]/.test(text) ? text : prose(text)),
  ];
  return sections.join("\n\n") + "\n";
}

function prose(text: string): string {
  return wrap(text, COLUMNS);
}

function block(text: string): string {
  return "```text\n" + text + "\n```";
}
