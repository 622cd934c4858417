/**
 * The command line of `deno task bench`, and what its program may do.
 *
 * @module
 */

import type { Command, Flags } from "../command_line/command.ts";
import { MACHINE_PERMISSIONS } from "../scenarios/machine_record.ts";

/** Where the ratios are that the guard compares with, below the root of the source. */
export const STORED_PATH = "tools/bench/stored_ratios.json";

/** Exported only so that the type of `benchCommand` is public. @internal */
export const benchFlags = {
  json: { value: "FILE", kind: "path", summary: "write the paired rows here as JSON" },
  html: { value: "FILE", kind: "path", summary: "write a page of the rows here" },
  list: { summary: "show names, targets and peers of the rows, and measure nothing" },
  filter: {
    value: "TEXT",
    isRepeatable: true,
    summary: "run only what has this in its name; several texts, or commas between them",
  },
  rounds: { value: "N", kind: "count", summary: "measure each side so often; 5 if left out" },
  guard: { summary: "measure a few rows shortly, and compare their ratios with those stored" },
  store: { summary: "store the ratios of this run for --guard" },
  quiet: { letter: "q", summary: "show results only, no progress" },
} as const satisfies Flags;

/** `hako bench`. */
export const benchCommand: Command<typeof benchFlags> = {
  name: "bench",
  summary: "measure Hako, and what people would use instead, on this machine",
  about: "Each side of a row is measured in a process of its own, the sides in turn, so often as " +
    "--rounds says; the ratio of the medians is compared with the row's target. Ctrl-C ends early " +
    "and tells what was measured.",
  flags: benchFlags,
  examples: [
    { line: "", what: "run every benchmark: about 25 minutes" },
    { line: "--filter ipc/null/,fs/stat", what: "run some rows" },
    { line: "--rounds 9 --json rows.json", what: "take more time, and keep the rows" },
  ],
  exits: {
    1: "a row could not be measured",
    130: "Ctrl-C: what was measured until then is told, and written",
  },
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
      // The benchmarks run in processes of their own; one that hangs is ended with all it started.
      run: [Deno.execPath(), "taskset", "kill"],
      sys: ["loadavg", ...MACHINE_PERMISSIONS],
    };
  },
};
