/**
 * The command line of `deno task scenarios`, and what its program may do.
 *
 * @module
 */

import type { Command, Flags } from "../command_line/command.ts";

/** Exported only so that the type of `scenariosCommand` is public. @internal */
export const scenarioFlags = {
  list: { summary: "list the scenarios and stop" },
  seed: {
    value: "N",
    kind: "count",
    summary: "the seed of faults and workloads; random if left out",
  },
  input: {
    value: "DIR",
    kind: "path",
    summary: "the files that the workload copies; Hako's source if left out",
  },
  image: {
    value: "FILE",
    kind: "path",
    summary: "keep the disk image here; a temporary file if left out",
  },
  json: { value: "FILE", kind: "path", summary: "write the results here as JSON" },
  quiet: { letter: "q", summary: "show results only, no progress" },
} as const satisfies Flags;

/** `hako scenarios [NAME...]`. */
export const scenariosCommand: Command<typeof scenarioFlags> = {
  name: "scenarios",
  summary: "boot real systems, kill their servers at the worst moments, and check what is left",
  flags: scenarioFlags,
  arguments: {
    placeholder: "SCENARIO",
    countMin: 0,
    countMax: 64,
    summary: "the scenarios to run; all of them if none is named",
  },
  examples: [
    { line: "", what: "run every scenario" },
    { line: "--list", what: "list them" },
    { line: "--seed 7 --json results.json", what: "repeat a run, and keep its results" },
  ],
  module: "tools/scenarios/main.ts",
  permissions({ flags }, { sourceRoot, temporaryDirectory }) {
    const { input, image, json } = flags;
    const outputs = [temporaryDirectory, ...[image, json].filter((path) => path !== undefined)];
    return {
      read: [sourceRoot, ...(input === undefined ? [] : [input]), ...outputs],
      write: outputs,
      run: ["e2fsck", "debugfs"],
    };
  },
};
