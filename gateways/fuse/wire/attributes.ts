/**
 * From the file server's record of attributes to the structs that Linux reads.
 *
 * @module
 */

import { ATTRIBUTE } from "@hako/fs-server";
import { ROOT_INODE, ROOT_NODE } from "./places.ts";
import { ATTR, ENTRY_OUT } from "./structs.ts";

const TWO_32 = 2 ** 32;
/** What programs are told to read and write at a time. */
const BLOCK_BYTES = 4096;

const INO = ATTR.at.ino >> 2;
const SIZE = ATTR.at.size >> 2;
const BLOCKS = ATTR.at.blocks >> 2;
const ATIME = ATTR.at.atime >> 2;
const MTIME = ATTR.at.mtime >> 2;
const CTIME = ATTR.at.ctime >> 2;
const ATIMENSEC = ATTR.at.atimensec >> 2;
const MTIMENSEC = ATTR.at.mtimensec >> 2;
const CTIMENSEC = ATTR.at.ctimensec >> 2;
const MODE = ATTR.at.mode >> 2;
const NLINK = ATTR.at.nlink >> 2;
const UID = ATTR.at.uid >> 2;
const GID = ATTR.at.gid >> 2;
const RDEV = ATTR.at.rdev >> 2;
const BLKSIZE = ATTR.at.blksize >> 2;
const FLAGS = ATTR.at.flags >> 2;

const NODEID = ENTRY_OUT.at.nodeid >> 2;
const GENERATION = ENTRY_OUT.at.generation >> 2;
const ENTRY_VALID = ENTRY_OUT.at.entry_valid >> 2;
const ATTR_VALID = ENTRY_OUT.at.attr_valid >> 2;
const ENTRY_VALID_NSEC = ENTRY_OUT.at.entry_valid_nsec >> 2;
const ATTR_VALID_NSEC = ENTRY_OUT.at.attr_valid_nsec >> 2;
const ENTRY_ATTR = ENTRY_OUT.at.attr >> 2;

/** How long Linux may believe what it was told. Made once: {@linkcode validity}. */
export interface Validity {
  /** Of a name: whole seconds. */
  readonly entrySeconds: number;
  /** Of a name: the rest. */
  readonly entryNanoseconds: number;
  /** Of attributes: whole seconds. */
  readonly attrSeconds: number;
  /** Of attributes: the rest. */
  readonly attrNanoseconds: number;
}

/** How long names and attributes hold, from milliseconds (0 up to 2^31). */
export function validity(entryMs: number, attrMs: number): Validity {
  return {
    entrySeconds: Math.floor(entryMs / 1000),
    entryNanoseconds: Math.floor((entryMs % 1000) * 1e6),
    attrSeconds: Math.floor(attrMs / 1000),
    attrNanoseconds: Math.floor((attrMs % 1000) * 1e6),
  };
}

/** Writes a whole number up to 2^53 either side of zero as two words. Hot path. */
export function putU64(words: Uint32Array, index: number, value: number): void {
  words[index] = value; // Modulo 2^32, of negative numbers too.
  words[index + 1] = Math.floor(value / TWO_32);
}

/** Writes the number by which Linux knows a file. Hot path. */
export function putNode(
  words: Uint32Array,
  index: number,
  inode: number,
  generation: number,
): void {
  const isRoot = inode === ROOT_INODE;
  words[index] = isRoot ? ROOT_NODE : inode;
  words[index + 1] = isRoot ? 0 : generation;
}

/**
 * Writes a `fuse_attr`. Hot path.
 *
 * @param words The target; `index` counts words.
 * @param record Where an attribute record lies, from the byte `at` on.
 */
export function putAttr(words: Uint32Array, index: number, record: DataView, at: number): void {
  words[index + INO] = record.getUint32(at + ATTRIBUTE.inode, true);
  words[index + INO + 1] = 0;
  putU64(words, index + SIZE, record.getFloat64(at + ATTRIBUTE.size, true));
  putU64(words, index + BLOCKS, record.getFloat64(at + ATTRIBUTE.blocks512, true));
  putU64(words, index + ATIME, record.getFloat64(at + ATTRIBUTE.atimeSeconds, true));
  putU64(words, index + MTIME, record.getFloat64(at + ATTRIBUTE.mtimeSeconds, true));
  putU64(words, index + CTIME, record.getFloat64(at + ATTRIBUTE.ctimeSeconds, true));
  words[index + ATIMENSEC] = record.getUint32(at + ATTRIBUTE.atimeNanoseconds, true);
  words[index + MTIMENSEC] = record.getUint32(at + ATTRIBUTE.mtimeNanoseconds, true);
  words[index + CTIMENSEC] = record.getUint32(at + ATTRIBUTE.ctimeNanoseconds, true);
  words[index + MODE] = record.getUint32(at + ATTRIBUTE.mode, true);
  words[index + NLINK] = record.getUint32(at + ATTRIBUTE.links, true);
  words[index + UID] = record.getUint32(at + ATTRIBUTE.uid, true);
  words[index + GID] = record.getUint32(at + ATTRIBUTE.gid, true);
  words[index + RDEV] = record.getUint32(at + ATTRIBUTE.device, true);
  words[index + BLKSIZE] = BLOCK_BYTES;
  words[index + FLAGS] = 0;
}

/** Writes a `fuse_entry_out`. Hot path. */
export function putEntry(
  words: Uint32Array,
  index: number,
  record: DataView,
  at: number,
  valid: Validity,
): void {
  const inode = record.getUint32(at + ATTRIBUTE.inode, true);
  const generation = record.getUint32(at + ATTRIBUTE.generation, true);
  putNode(words, index + NODEID, inode, generation);
  words[index + GENERATION] = words[index + NODEID + 1]!;
  words[index + GENERATION + 1] = 0;
  putValidity(words, index, valid);
  putAttr(words, index + ENTRY_ATTR, record, at);
}

/** Writes a `fuse_entry_out` that says: there is nothing of that name. Hot path. */
export function putNoEntry(words: Uint32Array, index: number, valid: Validity): void {
  words.fill(0, index, index + (ENTRY_OUT.byteLength >> 2));
  putValidity(words, index, valid);
}

function putValidity(words: Uint32Array, index: number, valid: Validity): void {
  words[index + ENTRY_VALID] = valid.entrySeconds;
  words[index + ENTRY_VALID + 1] = 0;
  words[index + ATTR_VALID] = valid.attrSeconds;
  words[index + ATTR_VALID + 1] = 0;
  words[index + ENTRY_VALID_NSEC] = valid.entryNanoseconds;
  words[index + ATTR_VALID_NSEC] = valid.attrNanoseconds;
}
