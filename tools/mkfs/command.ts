/**
 * The command line of `hako mkfs`, and what its program may do: read and write the image.
 *
 * @module
 */

import { resolve } from "node:path";
import type { Command, Flags } from "../command_line/command.ts";

/** Exported only so that the type of `mkfsCommand` is public. @internal */
export const mkfsFlags = {
  type: {
    letter: "t",
    value: "TYPE",
    values: ["ext2", "ext3", "ext4"],
    summary: "ext2, ext3 or ext4; ext4 if left out",
  },
  size: {
    letter: "s",
    value: "SIZE",
    summary: "make the image this large: 512M, 8G; as it is if left out",
  },
  "block-size": {
    letter: "b",
    value: "BYTES",
    kind: "count",
    summary: "1024, 2048 or 4096; 4096 if left out",
  },
  "inode-size": { value: "BYTES", kind: "count", summary: "128 or 256 and up; 256 if left out" },
  "inode-ratio": {
    value: "BYTES",
    kind: "count",
    summary: "make one inode for so many bytes; 16384 if left out",
  },
  reserved: {
    letter: "m",
    value: "PERCENT",
    kind: "count",
    summary: "keep so much for root; 5 if left out",
  },
  label: { letter: "L", value: "TEXT", summary: "its name, of up to 16 bytes" },
  uuid: {
    letter: "U",
    value: "UUID",
    summary: "what tells it from all others; random if left out",
  },
  "no-journal": { summary: "make ext3 or ext4 without the journal that Linux writes to" },
  growth: { summary: "leave room behind the descriptors, so that resize2fs can make it larger" },
  force: { letter: "f", summary: "make it even if the image holds something: that is lost" },
  quiet: { letter: "q", summary: "say only what goes wrong" },
} as const satisfies Flags;

/** `hako mkfs IMAGE`. It exits with 0 if the file system was made, with 1 if not, with 2 for misuse. */
export const mkfsCommand: Command<typeof mkfsFlags> = {
  name: "mkfs",
  summary: "make a file system of ext2, ext3 or ext4 in an image",
  about: "As mke2fs does. An image that holds something is left as it is without --force.",
  flags: mkfsFlags,
  arguments: {
    placeholder: "IMAGE",
    countMin: 1,
    countMax: 1,
    summary: "a file, which is made if there is none",
  },
  examples: [
    { line: "disk.img --size 1G", what: "make an image with an ext4 file system" },
    { line: "disk.img -t ext2 -b 1024 -L home --force", what: "make ext2 in it instead" },
  ],
  module: "tools/mkfs/main.ts",
  permissions({ arguments: [image] }, place) {
    const path = resolve(place.directory, image!);
    return { read: [path], write: [path] };
  },
};
