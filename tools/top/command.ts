/**
 * The command line of `hako top`, and what its program may do: read the manifest and start the host.
 * What the host may do is computed from the manifest.
 *
 * @module
 */

import { readerPermissions } from "../check_manifest/command.ts";
import type { Command, Flags } from "../command_line/command.ts";
import { TELEMETRY_VARIABLE } from "../telemetry/metrics.ts";

/** Exported only so that the type of `topCommand` is public. @internal */
export const topFlags = {
  interval: { value: "SECONDS", kind: "count", summary: "look so often; every second if left out" },
  duration: { value: "TIME", kind: "duration", summary: "halt the system after so long" },
  once: { summary: "show one interval and halt the system" },
  json: { summary: "write each look as a line of JSON" },
} as const satisfies Flags;

/** `hako top MANIFEST`. */
export const topCommand: Command<typeof topFlags> = {
  name: "top",
  summary: "boot a system and watch its domains: calls, times, deaths",
  about: "On a terminal the page is drawn anew at each look. Ctrl-C halts the system in order.",
  flags: topFlags,
  arguments: {
    placeholder: "MANIFEST",
    countMin: 1,
    countMax: 1,
    summary: "a JSON document, or a module whose default export is the manifest",
  },
  examples: [
    { line: "system.json", what: "watch a system until Ctrl-C, which halts it" },
    { line: "system.json --once --json", what: "one look, for a program" },
  ],
  module: "tools/top/main.ts",
  permissions: ({ arguments: manifests }, place) => ({
    ...readerPermissions(manifests, place),
    env: [TELEMETRY_VARIABLE],
  }),
};
