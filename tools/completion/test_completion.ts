/**
 * A command with everything that completion knows, for its tests.
 *
 * @module
 */

import type { Command, Flags } from "../command_line/command.ts";
import type { Program } from "../command_line/command_table.ts";

const flags = {
  all: { letter: "a", summary: 'with what\'s hidden: "all" [of it], for $5 \\ `free`' },
  format: { letter: "F", value: "FORMAT", values: ["text", "json"], summary: "the form" },
  output: { letter: "o", value: "FILE", kind: "path", summary: "write it here" },
  into: { value: "DIR", kind: "path", summary: "write them here" },
  count: { value: "N", kind: "count", summary: "so many" },
  fault: { value: "FAULT", isRepeatable: true, summary: "one of them" },
} as const satisfies Flags;

const show: Command = {
  name: "show",
  summary: "show what's there: all of it",
  flags,
  arguments: {
    placeholder: "disk IMAGE COMMAND PATH",
    countMin: 3,
    countMax: 99,
    values: { COMMAND: ["list", "look"] },
    summary: "what",
  },
  examples: [],
  module: "show.ts",
  permissions: () => ({}),
};

const play: Command = {
  name: "play",
  summary: "play",
  flags: {},
  arguments: { placeholder: "TUNE DIR", countMin: 0, countMax: 2, summary: "what" },
  examples: [],
  module: "play.ts",
  permissions: () => ({}),
};

/** A program of two commands. */
export const PROGRAM: Program = {
  name: "demo",
  summary: "Shows.",
  call: "demo",
  version: "1",
  groups: [{ title: "All", commands: [show] }, { title: "More", commands: [play] }],
  exits: [],
};

/** Values that the table of the program does not know. */
export const KNOWN = { play: { TUNE: ["blues", "bolero", "waltz"] } } as const;

/** Files beside which words are completed. */
export const FILES = ["disk.img", "my disk.img", "mount/"] as const;

/** A line up to the cursor, and what is offered there: of what is known, all; of files, their names. */
export interface Case {
  /** The words after the program's name; the last one is completed. */
  readonly words: readonly string[];
  /** What is offered, in the order of the alphabet; a directory ends with a slash. */
  readonly offered: readonly string[];
}

const EVERY_FILE = ["disk.img", "mount/", "my disk.img"];

/** What every shell has to offer. */
export const CASES: readonly Case[] = [
  { words: ["s"], offered: ["show"] },
  { words: [""], offered: ["help", "play", "show"] },
  { words: ["none", ""], offered: [] },
  { words: ["help", "p"], offered: ["play"] },
  { words: ["show", ""], offered: ["disk"] },
  { words: ["show", "disk", ""], offered: EVERY_FILE },
  { words: ["show", "disk", "di"], offered: ["disk.img"] },
  { words: ["show", "disk", "disk.img", ""], offered: ["list", "look"] },
  { words: ["show", "-a", "disk", "--count", "3", "disk.img", "li"], offered: ["list"] },
  { words: ["show", "disk", "disk.img", "list", "my"], offered: ["my disk.img"] },
  { words: ["show", "disk", "disk.img", "list", "x", "mo"], offered: ["mount/"] },
  { words: ["show", "--fo"], offered: ["--format"] },
  { words: ["show", "disk", "--in"], offered: ["--into"] },
  { words: ["show", "--format", ""], offered: ["json", "text"] },
  { words: ["show", "-F", "j"], offered: ["json"] },
  { words: ["show", "--output", "di"], offered: ["disk.img"] },
  { words: ["show", "--into", ""], offered: ["mount/"] },
  { words: ["show", "--count", ""], offered: [] },
  { words: ["show", "--fault", "x", "--fau"], offered: ["--fault"] },
  { words: ["play", "b"], offered: ["blues", "bolero"] },
  { words: ["play", "blues", ""], offered: ["mount/"] },
  { words: ["play", "blues", "mount", ""], offered: [] },
];
