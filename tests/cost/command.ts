/**
 * The command line of `deno task cost`.
 *
 * @module
 */

import type { Flags, Syntax } from "../../tools/command_line/command.ts";
import { PATHS } from "./paths.ts";

/** Exported only so that the type of `costCommand` is public. @internal */
export const costFlags = {
  rounds: { value: "N", kind: "count", summary: "measure each part so often; 5 if left out" },
  json: { summary: "print the figures as JSON, and nothing else" },
  from: {
    value: "FILE",
    kind: "path",
    summary: "take the figures from what --json printed, and measure nothing",
  },
  machine: { value: "NAME", summary: "what the machine is called beside its figures" },
  write: { summary: "write tables and pictures of the chosen paths to docs/performance.md" },
} as const satisfies Flags;

/** `deno task cost [PATH...]`. */
export const costCommand: Syntax<typeof costFlags> = {
  name: "cost",
  summary: "measure where the time of a call, a read, a write and a fail-over goes",
  about: "Each part of a path is measured in a process of its own, and all of them in turn, so " +
    "that what else the machine does strikes all alike. System calls are counted where perf " +
    "is installed and may look.",
  flags: costFlags,
  arguments: {
    placeholder: "PATH",
    countMin: 0,
    countMax: PATHS.length,
    choices: PATHS.map(({ name }) => name),
    summary: "the paths to measure; all of them if none is named",
  },
  examples: [
    { line: "", what: "measure all, some five minutes" },
    { line: "null-call --rounds 9", what: "one path, more often" },
    { line: "--write", what: "measure all and refresh the page" },
    { line: "--from run.json --write", what: "refresh it from a run that is over" },
  ],
};
