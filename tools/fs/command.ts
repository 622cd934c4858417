/**
 * The command line of `hako fs`, and what its program may do: read and write the image, and what is
 * copied from and to it.
 *
 * @module
 */

import { dirname } from "node:path";
import type { Command, Flags } from "../command_line/command.ts";
import { KINDS, readOrder } from "./order.ts";

/** Exported only so that the type of `fsCommand` is public. @internal */
export const fsFlags = {
  all: { letter: "a", summary: "ls, tree: show names that begin with a dot too" },
  long: { letter: "l", summary: "ls: show type, permissions, owner, size and time" },
  recursive: { letter: "r", summary: "cp, rm: with all that is below" },
  parents: { letter: "p", summary: "mkdir: make what is missing above, and mind no existing one" },
  symbolic: { letter: "s", summary: "ln: make a symbolic link" },
  force: {
    letter: "f",
    summary: "rm: mind nothing that is missing; ln, cp: replace what is there",
  },
  owners: { summary: "cp: give the copies the owners of what is copied" },
  json: { summary: "ls, stat, df, check: write lines of JSON" },
  quiet: { letter: "q", summary: "cp, check: draw no progress" },
} as const satisfies Flags;

/**
 * `hako fs IMAGE COMMAND`. It exits with 0 when all was done, with 1 when something was not, with 2
 * when the command line is wrong.
 */
export const fsCommand: Command<typeof fsFlags> = {
  name: "fs",
  summary: "look at and change the files of an image, without a mount",
  about:
    "It boots the servers on the image, so what it does is whole or not done, whenever it is " +
    "interrupted.",
  flags: fsFlags,
  arguments: {
    placeholder: "IMAGE COMMAND PATH",
    countMin: 2,
    countMax: 10_000,
    summary: "an image of ext2, ext3 or ext4; ls, tree, cat, cp, rm, mkdir, mv, ln, stat, df or " +
      "check; and paths in the image, which for cp begin with a colon",
    values: { COMMAND: KINDS },
  },
  examples: [
    { line: "disk.img ls -l /home", what: "show a directory" },
    { line: "disk.img tree", what: "show all there is" },
    { line: "disk.img cp -r photos :/home/", what: "copy a directory of the host into the image" },
    { line: "disk.img cp :/etc/motd motd", what: "copy a file of the image to the host" },
    { line: "disk.img cp -f :/a :/b", what: "copy within the image" },
    { line: "disk.img ln -s ../etc/motd /home/motd", what: "make a symbolic link" },
    { line: "disk.img check", what: "read all metadata, and say what is wrong with it" },
    { line: "disk.img df", what: "how large the file system is, and how full" },
  ],
  module: "tools/fs/main.ts",
  permissions(invocation, place) {
    const order = readOrder(invocation, place.directory);
    const read = [place.sourceRoot, order.image];
    const write = [order.image];
    const run: string[] = [];
    if (order.kind === "cp") {
      for (const source of order.sources) if (source.side === "host") read.push(source.path);
      // What is to be made beside the target is named by its directory.
      if (order.target.side === "host") {
        if (order.flags.recursive) run.push("ln");
        read.push(order.target.path, dirname(order.target.path));
        write.push(order.target.path);
      }
    }
    return { read, write, run };
  },
};
