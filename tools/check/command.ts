/**
 * The command line of `deno task check`.
 *
 * @module
 */

import type { Flags, Syntax } from "../command_line/command.ts";

/** The steps, in the order in which they run. */
export const STEP_NAMES = [
  "format",
  "lint",
  "types",
  "documentation",
  "architecture",
  "packages",
] as const;

/** The name of a step. */
export type StepName = typeof STEP_NAMES[number];

/** Exported only so that the type of `checkCommand` is public. @internal */
export const checkFlags = {} as const satisfies Flags;

/** `deno task check [STEP...]`. */
export const checkCommand: Syntax<typeof checkFlags> = {
  name: "check",
  summary: "check every rule that a program can check",
  flags: checkFlags,
  arguments: {
    placeholder: "STEP",
    countMin: 0,
    countMax: STEP_NAMES.length,
    choices: STEP_NAMES,
    summary: `what to check: ${STEP_NAMES.join(", ")}; everything if left out`,
  },
  examples: [
    { line: "", what: "check everything, as before a commit" },
    { line: "architecture", what: "check only who imports whom" },
  ],
};
