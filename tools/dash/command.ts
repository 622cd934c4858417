/**
 * The command line of `hako dash`, and what its program may do: read the source and the manifest, start
 * the host, and listen at one port of this machine. It touches no other file. What the host may do is
 * computed from the manifest.
 *
 * @module
 */

import { readerPermissions } from "../check_manifest/command.ts";
import { type Command, type Flags, type FlagValues, UsageError } from "../command_line/command.ts";

/** Where the page is served: nobody else can reach it. */
export const DASH_HOSTNAME = "127.0.0.1";

/** Ports are unsigned 16-bit numbers. */
const PORT_MAX = 65_535;

/** Exported only so that the type of `dashCommand` is public. @internal */
export const dashFlags = {
  port: {
    value: "N",
    kind: "count",
    summary: `serve the page at this port of ${DASH_HOSTNAME}; a free one if left out`,
  },
  duration: { value: "TIME", kind: "duration", summary: "halt the system after so long" },
  chaos: { summary: "press buttons by chance, too" },
  seed: {
    value: "N",
    kind: "count",
    summary: "the seed of the ready-made work and of chaos; random if left out",
  },
} as const satisfies Flags;

/** `hako dash [MANIFEST]`. */
export const dashCommand: Command<typeof dashFlags> = {
  name: "dash",
  summary: "watch a system in a browser, and kill its servers there",
  flags: dashFlags,
  arguments: {
    placeholder: "MANIFEST",
    countMin: 0,
    countMax: 1,
    summary: "a system of yours, as for hako run; files on an image with two apps if left out",
  },
  examples: [
    { line: "", what: "watch a file system at work, and try to break it" },
    { line: "system.json", what: "the same with a system of your own" },
    { line: "--chaos --seed 7 --duration 1min", what: "a minute of chance, which seed 7 repeats" },
  ],
  module: "tools/dash/main.ts",
  permissions: ({ arguments: manifests, flags }, place) => ({
    ...readerPermissions(manifests, place),
    net: [`${DASH_HOSTNAME}:${portOf(flags)}`],
  }),
};

/**
 * The port to serve at; 0 is a free one.
 *
 * @throws {UsageError} If there is no such port.
 */
export function portOf({ port = 0 }: FlagValues<typeof dashFlags>): number {
  if (port <= PORT_MAX) return port;
  throw new UsageError(`Cannot run dash with --port ${port}: ports are up to ${PORT_MAX}`);
}
