/**
 * The command line of `deno task scenarios`, and what its program may do: start a process for each
 * scenario, with what that scenario may do.
 *
 * @module
 */

import type { Command, Flags } from "../command_line/command.ts";
import { MACHINE_PERMISSIONS } from "./machine_record.ts";

/** Exported only so that the type of `scenariosCommand` is public. @internal */
export const scenarioFlags = {
  list: { summary: "list the scenarios and stop" },
  fault: {
    value: "FAULT",
    isRepeatable: true,
    summary: "inject this instead of the scenario's own faults; may be repeated; none: nothing",
  },
  seed: {
    value: "N",
    kind: "count",
    summary: "the seed of faults and workloads; random if left out",
  },
  duration: {
    value: "TIME",
    kind: "duration",
    summary: "how long the work goes on, as 30s, where that goes by the clock",
  },
  input: {
    value: "DIR",
    kind: "path",
    summary: "the files that copy-tree copies; Hako's source if left out",
  },
  image: {
    value: "FILE",
    kind: "path",
    summary: "keep the disk image here; a temporary file if left out",
  },
  html: { value: "FILE", kind: "path", summary: "write a report here, one page without network" },
  json: { value: "FILE", kind: "path", summary: "write the results here as JSON" },
  junit: { value: "FILE", kind: "path", summary: "write the results here as JUnit's XML" },
  verbose: { letter: "v", summary: "show every check and figure; usual for a single scenario" },
  quiet: { letter: "q", summary: "show results only, no progress" },
} as const satisfies Flags;

/** `hako scenarios [NAME...]`. */
export const scenariosCommand: Command<typeof scenarioFlags> = {
  name: "scenarios",
  summary: "kill the servers of real systems, and check what is left",
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
    { line: "--html report.html", what: "run them, and write a report to look at" },
    {
      line: "--fault 'storage:terminate@every=200ms' --fault 'disk:eio@write=500' --duration 30s",
      what: "files at work under faults of one's own",
    },
    { line: "copy-tree-under-fire --input DIR --seed 7", what: "repeat one, with one's own files" },
  ],
  module: "tools/scenarios/main.ts",
  permissions({ flags }, { sourceRoot, temporaryDirectory }) {
    const { html, json, junit } = flags;
    const outputs = [html, json, junit].filter((path) => path !== undefined);
    return {
      read: [sourceRoot, temporaryDirectory, ...outputs],
      write: [temporaryDirectory, ...outputs],
      run: [Deno.execPath()],
      sys: MACHINE_PERMISSIONS,
    };
  },
};
