/**
 * The command line of `hako new`, and what its program may do: read the template, and write one new
 * directory.
 *
 * @module
 */

import type { Command, Flags } from "../command_line/command.ts";
import { readNewOrder } from "./order.ts";

/** Exported only so that the type of `newCommand` is public. @internal */
export const newFlags = {
  directory: {
    letter: "d",
    value: "DIR",
    kind: "path",
    summary: "make it here; in a directory of its name if left out",
  },
  quiet: { letter: "q", summary: "say only what goes wrong" },
} as const satisfies Flags;

/** `hako new server NAME`. It exits with 0 if all was written, with 1 if something is in the way. */
export const newCommand: Command<typeof newFlags> = {
  name: "new",
  summary: "write a crash-proof server of your own, with its test",
  about:
    "The project works as it is written: deno task test in it kills the server in the middle " +
    "of its requests, and asserts that nothing is lost or done twice. Nothing is overwritten.",
  flags: newFlags,
  arguments: {
    placeholder: "server NAME",
    countMin: 2,
    countMax: 2,
    summary: "what to write, and its name: up to 31 of a-z, 0-9 and -, as shopping-cart",
  },
  examples: [
    { line: "server shopping-cart", what: "write it to ./shopping-cart" },
    { line: "server tally --directory ~/src/tally", what: "write it there" },
  ],
  module: "tools/new_server/main.ts",
  permissions(invocation, place) {
    const { directory } = readNewOrder(invocation, place);
    return { read: [place.sourceRoot, directory], write: [directory] };
  },
};
