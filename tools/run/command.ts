/**
 * The command line of `hako run`, and what its program may do: read the manifest and start the host.
 * What the host may do is computed from the manifest.
 *
 * @module
 */

import { readerPermissions } from "../check_manifest/command.ts";
import type { Command, Flags } from "../command_line/command.ts";
import { LOG_FORMATS } from "./host_order.ts";
import { TELEMETRY_VARIABLE } from "../telemetry/metrics.ts";

/** Exported only so that the type of `runCommand` is public. @internal */
export const runFlags = {
  "dry-run": { summary: "print what the process would be allowed, and stop" },
  log: {
    value: "FORMAT",
    choices: LOG_FORMATS,
    summary: "the form of the log lines: text, which is usual, or json",
  },
  duration: { value: "TIME", kind: "duration", summary: "halt the system after so long" },
  quiet: { letter: "q", summary: "log only what goes wrong" },
} as const satisfies Flags;

/** `hako run MANIFEST`. */
export const runCommand: Command<typeof runFlags> = {
  name: "run",
  summary: "boot a system, in a process that may do what it says, no more",
  about: "The manifest says what each domain may do; the process may do their union and nothing " +
    "else. It ends when the system's apps have finished, or at Ctrl-C, which halts in order.",
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
    { line: "system.json --log json --duration 60s", what: "a minute of it, for a log collector" },
  ],
  exits: { 1: "a domain was given up, or the system did not start", 2: "the manifest is at fault" },
  module: "tools/run/main.ts",
  permissions: ({ arguments: manifests }, place) => ({
    ...readerPermissions(manifests, place),
    env: [TELEMETRY_VARIABLE],
  }),
};
