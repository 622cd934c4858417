/**
 * The names of a file system: every directory from the root on, and what its names lead to.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import type { BlockCache } from "../disk/block_cache.ts";
import { BLOCK_KIND } from "../disk/cached_block.ts";
import { inodeAt, type LeafRules, nameAt, recordBytesAt } from "../ext4/dir_leaf.ts";
import { type Inode, isDirectory } from "../ext4/inode.ts";
import { DIR_ENTRY, ENTRY_TYPE, entryTypeOfMode } from "../ext4/layouts/dir_entry.ts";
import { FLAG_INDEX, ROOT_INODE } from "../ext4/layouts/inode.ts";
import type { Findings } from "./finding.ts";

/** What the check has read of an inode that is in use. */
export interface SeenInode {
  /** The inode. */
  readonly inode: Inode;
  /** Blocks of a directory, in the order of the file; empty for anything else. */
  readonly blocks: readonly number[];
  /** Names that lead to it, `.` and `..` included. */
  references: number;
  /** The directory that its name stands in, for a directory. */
  parent: number;
}

/** What the names of a file system are read with. */
export interface NamesParts {
  /** Where the blocks are. */
  readonly cache: BlockCache;
  /** By what records are checked. */
  readonly rules: LeafRules;
  /** Whether directories may have hash trees. */
  readonly hasHtree: boolean;
  /** Inodes in use by number. */
  readonly inodes: ReadonlyMap<number, SeenInode>;
  /** Where findings go. */
  readonly findings: Findings;
}

/** Reads all directories that can be reached, and counts the names of every inode. */
export function readNames(parts: NamesParts): void {
  const { inodes, findings } = parts;
  const root = inodes.get(ROOT_INODE);
  if (root === undefined || !isDirectory(root.inode)) {
    findings.add("inode 2", "is no directory: there is no root");
    return;
  }
  root.parent = ROOT_INODE;
  const open = [root];
  for (let directory = open.pop(); directory !== undefined; directory = open.pop()) {
    try {
      readDirectory(parts, directory, open);
    } catch (error) {
      if (!(error instanceof OsError)) throw error;
      findings.add(`inode ${directory.inode.number}`, error.message);
    }
  }
}

function readDirectory(parts: NamesParts, directory: SeenInode, open: SeenInode[]): void {
  const { cache, rules, findings, hasHtree } = parts;
  const { inode, blocks } = directory;
  const where = `inode ${inode.number}`;
  if (blocks.length === 0 || blocks.length * rules.blockBytes !== inode.size) {
    findings.add(where, `a directory of ${inode.size} bytes in ${blocks.length} blocks`);
  }
  const isTree = hasHtree && (inode.flags & FLAG_INDEX) !== 0;
  const seen = new Set<string>();
  blocks.forEach((block, index) => {
    if (isTree && isTreeNode(cache, block, index, rules)) {
      if (index === 0) readDots(parts, directory, block);
      return;
    }
    const cached = cache.get(block, BLOCK_KIND.directory, inode.seed);
    for (let offset = 0; offset < rules.end;) {
      const recordBytes = recordBytesAt(cached, offset, rules);
      const number = inodeAt(cached, offset);
      if (number !== 0) {
        const name = nameAt(cached, offset);
        const type = cached.view.getUint8(offset + DIR_ENTRY.type);
        if (seen.has(name)) findings.add(where, `has the name ${shown(name)} twice`);
        seen.add(name);
        if (name.includes("/") || name.includes("\0")) {
          findings.add(where, `has the name ${shown(name)}`);
        }
        readEntry(parts, directory, { name, number, type }, open);
      }
      offset += recordBytes;
    }
  });
  for (const dot of isTree ? [] : [".", ".."]) {
    if (!seen.has(dot)) findings.add(where, `has no name ${dot}`);
  }
}

/** The root of a hash tree, or a node below it: one record without an inode that fills the block. */
function isTreeNode(cache: BlockCache, block: number, index: number, rules: LeafRules): boolean {
  if (index === 0) return true;
  const { view } = cache.get(block);
  return view.getUint32(0, true) === 0 &&
    view.getUint16(DIR_ENTRY.recordBytes, true) === rules.blockBytes;
}

/** `.` and `..` at the head of a hash tree. */
function readDots(parts: NamesParts, directory: SeenInode, block: number): void {
  const { view } = parts.cache.get(block, BLOCK_KIND.hashNode, directory.inode.seed);
  const entry = (name: string, at: number) => ({ name, number: view.getUint32(at, true), type: 0 });
  readEntry(parts, directory, entry(".", 0), []);
  readEntry(parts, directory, entry("..", 12), []);
}

interface Entry {
  readonly name: string;
  readonly number: number;
  readonly type: number;
}

function readEntry(
  { inodes, findings }: NamesParts,
  directory: SeenInode,
  { name, number, type }: Entry,
  open: SeenInode[],
): void {
  const where = `inode ${directory.inode.number}`;
  const found = inodes.get(number);
  if (found === undefined) {
    findings.add(where, `${shown(name)} leads to inode ${number}, which is free or damaged`);
    return;
  }
  found.references++;
  if (name === "." || name === "..") {
    const right = name === "." ? directory.inode.number : directory.parent;
    if (number !== right) findings.add(where, `${name} leads to inode ${number}, not ${right}`);
    return;
  }
  if (type !== ENTRY_TYPE.unknown && type !== entryTypeOfMode(found.inode.mode)) {
    findings.add(where, `${shown(name)} has type ${type}, inode ${number} another`);
  }
  if (!isDirectory(found.inode)) return;
  if (found.parent !== 0) {
    findings.add(where, `${shown(name)} leads to directory ${number}, which has a name already`);
    return;
  }
  found.parent = directory.inode.number;
  open.push(found);
}

/** A name for people: anything that is no letter of ASCII is a question mark. */
function shown(name: string): string {
  return `"${name.replaceAll(/[^\x20-\x7e]/g, "?")}"`;
}
