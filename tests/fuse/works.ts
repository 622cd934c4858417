/**
 * The programs that work on a mount: each a script in `works/`, which judges what it finds itself.
 *
 * A script is called as `NAME.sh PLACE SCRATCH SCALE TREE`: an empty directory of its own on the
 * mount, one elsewhere, how much to do (from 1), and a tree to copy. It fails if anything is wrong.
 *
 * @module
 */

import { findTool } from "../host_tool.ts";

/** What one script does, and the programs that it needs. */
export interface Work {
  /** The script, without `.sh`. */
  readonly name: string;
  /** What it does, for the name of a test. */
  readonly does: string;
  /** Programs without which it is skipped. */
  readonly tools: readonly string[];
}

/** All of them: the long ones first, since two run side by side. */
export const WORKS: readonly Work[] = [
  {
    name: "bonnie",
    does: "bonnie++ writes, rewrites and seeks",
    tools: ["bonnie++"],
  },
  { name: "fio", does: "fio verifies what it wrote, mapped and direct too", tools: ["fio"] },
  {
    name: "sqlite",
    does: "sqlite3 keeps a sum in four journal modes",
    tools: ["sqlite3"],
  },
  { name: "git", does: "git clones, merges, repacks, and finds no damage", tools: ["git"] },
  { name: "cp", does: "cp -a copies what diff finds equal", tools: ["cp", "diff"] },
  { name: "tar", does: "tar packs and unpacks", tools: ["tar", "gzip"] },
  { name: "rsync", does: "rsync -aHAX leaves nothing to do", tools: ["rsync"] },
  {
    name: "gcc",
    does: "gcc and make build a program that runs from there",
    tools: ["gcc", "make", "ar"],
  },
  { name: "model", does: "what is done once only is done once", tools: ["python3"] },
  { name: "mapped", does: "processes write one mapped file", tools: ["python3"] },
  { name: "shells", does: "shells make many small files at once", tools: [] },
];

/** Programs that the harness itself needs: it makes the tree, mounts, and judges the image. */
export const HARNESS_TOOLS: readonly string[] = [
  "unshare",
  "timeout",
  "python3",
  "mount",
  "e2fsck",
  "debugfs",
  "fusermount3",
];

/** Those of the programs that are not there. */
export function missing(tools: readonly string[]): string[] {
  return tools.filter((tool) => findTool(tool) === undefined);
}

/** The names of those whose programs are all there. */
export function presentWorks(): string[] {
  return WORKS.filter(({ tools }) => missing(tools).length === 0).map(({ name }) => name);
}
