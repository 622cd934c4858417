/**
 * The command line of `hako run`, and what its program may do: read the manifest and start the host.
 * What the host may do is computed from the manifest.
 *
 * @module
 */

import { readerPermissions } from "../check_manifest/command.ts";
import type { Command, Flags } from "../command_line/command.ts";
import { TELEMETRY_VARIABLE } from "../telemetry/metrics.ts";

/** Exported only so that the type of `runCommand` is public. @internal */
export const runFlags = {
  "dry-run": { summary: "print what the process would be allowed, and stop" },
  log: { value: "FORMAT", summary: "the form of the log lines: text, which is usual, or json" },
  duration: { value: "SECONDS", kind: "count", summary: "halt the system after so long" },
  quiet: { letter: "q", summary: "log only what goes wrong" },
} as const satisfies Flags;

/** `hako run MANIFEST`. */
export const runCommand: Command<typeof runFlags> = {
  name: "run",
  summary: "boot a system in a process that may do what its manifest says, and nothing else",
  flags: runFlags,
  arguments: {
    placeholder: "MANIFEST",
    countMin: 1,
    countMax: 1,
    summary: "a JSON document, or a module whose default export is the manifest",
  },
  examples: [
    { line: "system.json", what: "run a system until its apps have finished" },
    { line: "system.json --dry-run", what: "see what it would be allowed" },
    { line: "system.json --log json --duration 60", what: "a minute of it, for a log collector" },
  ],
  module: "tools/run/main.ts",
  permissions: ({ arguments: manifests }, place) => ({
    ...readerPermissions(manifests, place),
    env: [TELEMETRY_VARIABLE],
  }),
};
