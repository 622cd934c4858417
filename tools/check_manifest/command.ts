/**
 * The command line of `hako check`, and what its program may do.
 *
 * @module
 */

import { resolve } from "node:path";
import type { Command, Flags, Permissions, Place } from "../command_line/command.ts";

/** Exported only so that the type of `checkCommand` is public. @internal */
export const checkFlags = {
  schema: { summary: "print the JSON schema of manifests and stop" },
} as const satisfies Flags;

/** `hako check MANIFEST...`. */
export const checkCommand: Command<typeof checkFlags> = {
  name: "check",
  summary: "check manifests, and show what their systems are and may do",
  flags: checkFlags,
  arguments: {
    placeholder: "MANIFEST",
    countMin: 0,
    countMax: 64,
    summary: "a JSON document, or a module whose default export is the manifest",
  },
  examples: [
    { line: "system.json", what: "check a manifest" },
    { line: "--schema > schema.json", what: "have an editor check it while it is written" },
  ],
  exits: { 2: "a manifest is at fault; the others were judged too" },
  module: "tools/check_manifest/main.ts",
  permissions: ({ arguments: manifests }, place) => readerPermissions(manifests, place),
};

/**
 * What a program needs that reads manifests: them, and to start `deno`, which runs those that are
 * modules without any permission and tells what the domains' modules import.
 */
export function readerPermissions(manifests: readonly string[], place: Place): Permissions {
  const paths = manifests.map((path) => resolve(place.directory, path));
  return {
    read: [place.sourceRoot, ...paths],
    run: [Deno.execPath()],
  };
}
