/**
 * The command line of `deno task bench`, and what its program may do.
 *
 * @module
 */

import type { Command, Flags } from "../command_line/command.ts";

/** Exported only so that the type of `benchCommand` is public. @internal */
export const benchFlags = {
  json: { value: "FILE", kind: "path", summary: "write the paired rows here as JSON" },
  filter: { value: "TEXT", summary: "run only what has this in its name" },
  rounds: { value: "N", kind: "count", summary: "measure each side so often; 5 if left out" },
  quiet: { letter: "q", summary: "show results only, no progress" },
} as const satisfies Flags;

/** `hako bench`. */
export const benchCommand: Command<typeof benchFlags> = {
  name: "bench",
  summary: "measure Hako, and what people would use instead, on this machine",
  flags: benchFlags,
  examples: [
    { line: "", what: "run every benchmark" },
    { line: "--filter ipc/null/", what: "run the rows of one kind" },
    { line: "--rounds 9 --json rows.json", what: "take more time, and keep the rows" },
  ],
  module: "tools/bench/main.ts",
  permissions({ flags: { json } }, { sourceRoot, temporaryDirectory }) {
    return {
      read: [sourceRoot],
      write: [temporaryDirectory, ...(json === undefined ? [] : [json])],
      run: [Deno.execPath(), "taskset"], // The benchmarks run in processes of their own.
      sys: ["loadavg"],
    };
  },
};
