/**
 * The command line of `deno task build`.
 *
 * @module
 */

import type { Flags, Syntax } from "../command_line/command.ts";

/** Exported only so that the type of `buildCommand` is public. @internal */
export const buildFlags = {
  check: { summary: "write nothing; fail if a committed file is not what its sources give" },
} as const satisfies Flags;

/** `deno task build [--check]`. */
export const buildCommand: Syntax<typeof buildFlags> = {
  name: "build",
  summary: "compile the wasm cores and write what is generated from it",
  flags: buildFlags,
  examples: [
    { line: "", what: "write what is not as its sources give it" },
    { line: "--check", what: "compare the generated files with the committed ones" },
  ],
};
