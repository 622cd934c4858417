/**
 * The command line of `hako trace`, and what its program may do: read the manifest and start the
 * host. What the host may do is computed from the manifest.
 *
 * @module
 */

import { readerPermissions } from "../check_manifest/command.ts";
import type { Command, Flags } from "../command_line/command.ts";
import { TELEMETRY_VARIABLE } from "../telemetry/metrics.ts";

/** Exported only so that the type of `traceCommand` is public. @internal */
export const traceFlags = {
  output: {
    letter: "o",
    value: "FILE",
    kind: "path",
    summary: "write the trace here; trace.json if left out",
  },
  duration: { value: "TIME", kind: "duration", summary: "halt the system after so long" },
} as const satisfies Flags;

/** `hako trace MANIFEST`. */
export const traceCommand: Command<typeof traceFlags> = {
  name: "trace",
  summary: "boot a system and trace it for ui.perfetto.dev",
  about: "The trace has every call between domains, deaths, fences and recoveries. It is written " +
    "when the apps have finished, the time is over, or Ctrl-C halts the system.",
  flags: traceFlags,
  arguments: {
    placeholder: "MANIFEST",
    countMin: 1,
    countMax: 1,
    summary: "a JSON document, or a module whose default export is the manifest",
  },
  examples: [
    { line: "system.json", what: "trace a system until its apps have finished" },
    { line: "system.json -o boot.json --duration 2s", what: "the first two seconds of it" },
  ],
  module: "tools/trace/main.ts",
  permissions: ({ arguments: manifests }, place) => ({
    ...readerPermissions(manifests, place),
    env: [TELEMETRY_VARIABLE],
  }),
};
