/**
 * The command line of `deno task soak`.
 *
 * @module
 */

import type { Flags, Syntax } from "../../../tools/command_line/command.ts";

/** Exported only so that the type of `soakCommand` is public. @internal */
export const soakFlags = {
  seed: {
    value: "N",
    kind: "count",
    summary: "the seed of the first round; of chance if left out",
  },
  operations: { value: "N", kind: "count", summary: "operations in all; 1,000,000 if left out" },
  minutes: { value: "N", kind: "count", summary: "begin no round after this; 15 if left out" },
  quiet: { letter: "q", summary: "show results only, no progress" },
} as const satisfies Flags;

/** `deno task soak`. */
export const soakCommand: Syntax<typeof soakFlags> = {
  name: "soak",
  summary: "judge the histories of real workers whose servers die",
  flags: soakFlags,
  examples: [
    { line: "", what: "a million operations" },
    { line: "--seed 7 --operations 100000", what: "one round, as a failure prints it" },
  ],
};
