/**
 * The command line of `hako umount`, and what its program may do: start the programs that unmount and
 * that tell what is mounted, and read, for only the mount tells where the image and its log lie.
 *
 * @module
 */

import type { Command, Flags } from "../command_line/command.ts";
import { STATE_VARIABLES } from "../mount/mount_log.ts";
import { FINDMNT } from "../mount/mount_table.ts";

/** The program that unmounts for everyone. */
export const FUSERMOUNT = "fusermount3";

/** The program that unmounts for root. */
export const UMOUNT = "umount";

/** The program that tells who uses a mount. */
export const FUSER = "fuser";

/** The program that tells what they are called. */
export const PS = "ps";

/** Exported only so that the type of `umountCommand` is public. @internal */
export const umountFlags = {
  lazy: {
    letter: "l",
    summary: "take the directory away at once, and end when nobody uses its files any more",
  },
  quiet: { letter: "q", summary: "say only what goes wrong" },
} as const satisfies Flags;

/** `hako umount DIR`. It exits with 0 once all is written and the servers have ended. */
export const umountCommand: Command<typeof umountFlags> = {
  name: "umount",
  summary: "unmount what hako mount has mounted, when all is written",
  about: "It ends when everything is written and the servers have ended; then the image is free.",
  flags: umountFlags,
  arguments: {
    placeholder: "DIR",
    countMin: 1,
    countMax: 1,
    summary: "the directory of the mount",
  },
  examples: [
    { line: "mnt", what: "unmount, or say who uses it" },
    { line: "mnt --lazy", what: "although somebody uses it" },
  ],
  module: "tools/umount/main.ts",
  permissions: () => ({
    read: ["/"],
    run: [FUSERMOUNT, UMOUNT, FINDMNT, FUSER, PS],
    sys: ["uid"],
    env: [...STATE_VARIABLES],
  }),
};
