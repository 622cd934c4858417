/**
 * The command line of `deno task model`.
 *
 * @module
 */

import type { Flags, Syntax } from "../../tools/command_line/command.ts";

/** Exported only so that the type of `modelCommand` is public. @internal */
export const modelFlags = {
  scenario: { value: "NAME", summary: "explore this scenario alone" },
  broken: { value: "NAME", summary: "explore a broken variant, and show how it fails" },
  depth: {
    value: "N",
    kind: "count",
    summary: "operations that each client does beyond those of the tests; 0 if left out",
  },
  states: {
    value: "N",
    kind: "count",
    summary: "states after which a scenario is left; 60 million if left out",
  },
  list: { summary: "list the scenarios and the broken variants" },
} as const satisfies Flags;

/** `deno task model`. */
export const modelCommand: Syntax<typeof modelFlags> = {
  name: "model",
  summary: "explore every interleaving of the shipped core in small cases",
  flags: modelFlags,
  examples: [
    { line: "", what: "what the tests explore, with the table of step bounds" },
    { line: "--scenario fence --depth 1", what: "one scenario, a step deeper" },
    { line: "--broken bell-not-advanced", what: "an interleaving that the explorer finds" },
  ],
};
