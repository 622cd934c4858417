/**
 * The command line of `deno task growth`.
 *
 * @module
 */

import type { Flags, Syntax } from "../../tools/command_line/command.ts";
import { CURVES } from "./curves.ts";

/** Exported only so that the type of `growthCommand` is public. @internal */
export const growthFlags = {
  most: { value: "N", kind: "count", summary: "leave out what is more than this" },
  json: { summary: "print the points as JSON, and nothing else" },
  machine: { value: "NAME", summary: "what the machine is called on the page" },
  write: { summary: "write tables and charts of the chosen curves to docs/performance.md" },
} as const satisfies Flags;

/** `deno task growth [CURVE...]`. */
export const growthCommand: Syntax<typeof growthFlags> = {
  name: "growth",
  summary: "measure what more and more domains, channels, files and bytes cost",
  flags: growthFlags,
  arguments: {
    placeholder: "CURVE",
    countMin: 0,
    countMax: CURVES.length,
    choices: CURVES.map(({ name }) => name),
    summary: "the curves to measure; all of them if none is named",
  },
  examples: [
    { line: "", what: "measure all, some two minutes" },
    { line: "files --most 100000", what: "stop at a hundred thousand files" },
    { line: "--write", what: "measure all and refresh the page" },
  ],
};
