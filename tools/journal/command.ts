/**
 * The command line of `hako journal`, and what its program may do: read the image.
 *
 * @module
 */

import { resolve } from "node:path";
import type { Command, Flags } from "../command_line/command.ts";

/** Exported only so that the type of `journalCommand` is public. @internal */
export const journalFlags = {
  records: { letter: "r", summary: "show each record: its blocks and the requests in it" },
  verify: { summary: "read all that has a checksum, and compare" },
  json: { summary: "write all of it as one line of JSON" },
} as const satisfies Flags;

/**
 * `hako journal IMAGE`. It exits with 0 if a recovery would succeed, whether or not it had to replay
 * anything, with 1 if something is damaged, with 2 if the file is no image.
 */
export const journalCommand: Command<typeof journalFlags> = {
  name: "journal",
  summary: "show an image's journal, and what a recovery would do",
  flags: journalFlags,
  arguments: {
    placeholder: "IMAGE",
    countMin: 1,
    countMax: 1,
    summary: "the image file, of no running system: what that has not flushed is in its memory",
  },
  examples: [
    { line: "disk.img", what: "which volumes there are, and what is to be replayed" },
    { line: "disk.img --verify --records", what: "check every image, and show the records" },
    { line: "disk.img --verify --json", what: "the same, for a program" },
  ],
  exits: { 0: "a recovery would succeed", 1: "something is damaged", 2: "the file is no image" },
  module: "tools/journal/main.ts",
  permissions: ({ arguments: images }, place) => ({
    read: images.map((image) => resolve(place.directory, image)),
  }),
};
