/**
 * The command line of `deno task bench`, and what its program may do.
 *
 * @module
 */

import type { Command, Flags } from "../command_line/command.ts";

/** Where the ratios are that the guard compares with, below the root of the source. */
export const STORED_PATH = "tools/bench/stored_ratios.json";

/** Exported only so that the type of `benchCommand` is public. @internal */
export const benchFlags = {
  json: { value: "FILE", kind: "path", summary: "write the paired rows here as JSON" },
  html: { value: "FILE", kind: "path", summary: "write a page of the rows here" },
  guard: { summary: "measure a few rows shortly, and compare their ratios with those stored" },
  store: { summary: "store the ratios of this run for --guard" },
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
  permissions({ flags: { json, html, store } }, { sourceRoot, temporaryDirectory }) {
    const outputs = [json, html].filter((path) => path !== undefined);
    return {
      read: [sourceRoot],
      write: [
        temporaryDirectory,
        ...outputs,
        ...(store ? [`${sourceRoot}/${STORED_PATH}`] : []),
      ],
      run: [Deno.execPath(), "taskset"], // The benchmarks run in processes of their own.
      sys: ["loadavg"],
    };
  },
};
