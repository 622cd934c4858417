/**
 * The command line of `hako mount`, and what its program may do: look at the host, and start the
 * process that serves the mount. What that one may do is computed from its manifest.
 *
 * @module
 */

import { resolve } from "node:path";
import {
  type Command,
  type Flags,
  type Invocation,
  type Place,
  UsageError,
} from "../command_line/command.ts";
import type { MountedImageOptions } from "../systems/mounted_image.ts";
import { LOOKED_AT } from "./host_checks.ts";
import { STATE_VARIABLES } from "./mount_log.ts";
import { FINDMNT } from "./mount_table.ts";

/** The largest number of a user or group: the one above means "none" to Linux. */
const ID_MAX = 2 ** 32 - 2;

/** The longest time that Linux can be told, in milliseconds. */
const TIMEOUT_MS_MAX = 2 ** 31;

/** Exported only so that the type of `mountCommand` is public. @internal */
export const mountFlags = {
  foreground: { letter: "f", summary: "stay, and unmount at Ctrl-C" },
  "read-only": { letter: "r", summary: "let nobody change anything" },
  uid: { value: "N", kind: "count", summary: "show everything as this user's; what is made is" },
  gid: { value: "N", kind: "count", summary: "the same for the group" },
  "allow-other": { summary: "let other users in; who is not root needs leave in /etc/fuse.conf" },
  shared: { summary: "let Linux keep no writes back, as for files that others change too" },
  "attr-timeout": {
    value: "MS",
    kind: "count",
    summary: "how long Linux may believe what it was told of a file",
  },
  "entry-timeout": {
    value: "MS",
    kind: "count",
    summary: "how long Linux may believe what stands under a name",
  },
  "direct-io": { summary: "let Linux keep no data: each read and write reaches the servers" },
  log: {
    value: "FILE",
    kind: "path",
    summary: "where the servers' log goes; in ~/.local/state/hako if left out",
  },
  libc: { value: "FILE", kind: "path", summary: "the C library, if it is in no usual place" },
  quiet: { letter: "q", summary: "say only what goes wrong" },
} as const satisfies Flags;

/** What is asked of `hako mount`. All paths are absolute. */
export interface MountOrder {
  /** The image. */
  readonly image: string;
  /** Where its files are to appear. */
  readonly directory: string;
  /** How. */
  readonly appearance: Appearance;
  /** Whether the command stays until the mount is gone. */
  readonly isForeground: boolean;
  /** Whether only that is told which goes wrong. */
  readonly isQuiet: boolean;
  /** Where the log goes, if that was said. */
  readonly log: string | undefined;
  /** The C library, if that was said. */
  readonly libc: string | undefined;
}

/** How the files appear. */
export type Appearance = Pick<
  MountedImageOptions,
  | "readOnly"
  | "allowOther"
  | "cache"
  | "uid"
  | "gid"
  | "attrTimeoutMs"
  | "entryTimeoutMs"
  | "directIo"
>;

/** `hako mount IMAGE DIR`. It exits with 0 once the mount is there, or is gone in order. */
export const mountCommand: Command<typeof mountFlags> = {
  name: "mount",
  summary: "let programs use the files of an image, whatever server dies",
  about:
    "Its servers and the gateway to Linux may die at any moment: programs wait a little, and " +
    "see no error. It needs fuse3, and /dev/fuse, which not everybody may use everywhere.",
  flags: mountFlags,
  arguments: {
    placeholder: "IMAGE DIR",
    countMin: 2,
    countMax: 2,
    summary: "an image of ext2, ext3 or ext4, and the directory where its files are to appear",
  },
  examples: [
    { line: "disk.img mnt", what: "until hako umount mnt" },
    { line: "disk.img mnt --foreground", what: "until Ctrl-C" },
    { line: "disk.img mnt --uid 1000", what: "as if all files were that user's" },
    { line: "disk.img mnt --read-only", what: "change nothing" },
  ],
  module: "tools/mount/main.ts",
  permissions(invocation, place) {
    const { image, directory, libc } = readMountOrder(invocation, place);
    return {
      read: [place.sourceRoot, image, directory, ...LOOKED_AT, ...libc === undefined ? [] : [libc]],
      run: [Deno.execPath(), "test", FINDMNT],
      sys: ["uid"],
      env: [...STATE_VARIABLES],
    };
  },
};

/**
 * What the command line asks for.
 *
 * @throws {UsageError} If it asks for what there is not.
 */
export function readMountOrder(
  { arguments: [image, directory], flags }: Invocation<typeof mountFlags>,
  place: Place,
): MountOrder {
  const path = (text: string | undefined): string | undefined =>
    text === undefined ? undefined : resolve(place.directory, text);
  const { uid, gid } = flags;
  const attrTimeoutMs = flags["attr-timeout"];
  const entryTimeoutMs = flags["entry-timeout"];
  for (const [name, value] of Object.entries({ uid, gid })) {
    checkMax(name, value, ID_MAX);
  }
  checkMax("attr-timeout", attrTimeoutMs, TIMEOUT_MS_MAX);
  checkMax("entry-timeout", entryTimeoutMs, TIMEOUT_MS_MAX);
  return {
    image: resolve(place.directory, image!),
    directory: resolve(place.directory, directory!),
    appearance: {
      readOnly: flags["read-only"],
      allowOther: flags["allow-other"],
      cache: flags.shared ? "shared" : "writeback",
      directIo: flags["direct-io"],
      ...(uid === undefined ? {} : { uid }),
      ...(gid === undefined ? {} : { gid }),
      ...(attrTimeoutMs === undefined ? {} : { attrTimeoutMs }),
      ...(entryTimeoutMs === undefined ? {} : { entryTimeoutMs }),
    },
    isForeground: flags.foreground,
    isQuiet: flags.quiet,
    log: path(flags.log),
    libc: path(flags.libc),
  };
}

function checkMax(name: string, value: number | undefined, max: number): void {
  if (value === undefined || value <= max) return;
  throw new UsageError(`Cannot run mount with --${name} ${value}: the most is ${max}`);
}
