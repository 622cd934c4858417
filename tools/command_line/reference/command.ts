/**
 * The command line of `deno task reference`.
 *
 * @module
 */

import type { Flags, Syntax } from "../command.ts";

/** Where the reference is, below the root of the source. */
export const REFERENCE_PATH = "docs/reference/commands.md";

/** Exported only so that the type of `referenceCommand` is public. @internal */
export const referenceFlags = {} as const satisfies Flags;

/** `deno task reference`. */
export const referenceCommand: Syntax<typeof referenceFlags> = {
  name: "reference",
  summary: "write the reference of all commands",
  about: `It goes to ${REFERENCE_PATH}; a test compares it with the commands.`,
  flags: referenceFlags,
  examples: [
    { line: "", what: "write it anew, after a flag was added" },
    { line: "--help", what: "show this" },
  ],
};
