/**
 * One block of a directory: records that fill it to the last byte, or to the tail that holds its
 * checksum. A record is removed by letting the one before it grow over it, so that no other record
 * moves; only {@linkcode packRecords} moves them.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import { DIR_ENTRY, DIR_TAIL, DIR_TAIL_BYTES, dirEntryBytes } from "./layouts/dir_entry.ts";

/** What can be looked at: the bytes of one block, as bytes, words and fields. */
export interface BlockView {
  /** The bytes. */
  readonly bytes: Uint8Array;
  /** The same as little-endian words. */
  readonly words: Uint32Array;
  /** The same for fields of any width. */
  readonly view: DataView;
}

/** The rules that records of a file system are checked by. */
export interface LeafRules {
  /** Bytes in a block. */
  readonly blockBytes: number;
  /** Where the records of a block end: at its end, or at its tail. */
  readonly end: number;
  /** Inodes of the file system. */
  readonly inodeCount: number;
}

/** A name as bytes, kept apart from the memory that it came from. */
export class EntryName {
  /** The bytes; the first `byteLength` count. */
  readonly bytes: Uint8Array = new Uint8Array(256);
  /** How many count. */
  byteLength = 0;

  /** Takes a name with one char for each byte. */
  set(name: string): this {
    const { bytes } = this;
    this.byteLength = name.length;
    for (let index = 0; index < name.length; index++) bytes[index] = name.charCodeAt(index);
    return this;
  }

  /** Takes the bytes from `start` to `end`. */
  setBytes(source: Uint8Array, start: number, end: number): this {
    const { bytes } = this;
    this.byteLength = end - start;
    for (let at = start; at < end; at++) bytes[at - start] = source[at] as number;
    return this;
  }
}

/** Checks the record at `offset` and answers its length. Hot path. */
export function recordBytesAt(block: BlockView, offset: number, rules: LeafRules): number {
  const { words } = block;
  const inode = words[offset >> 2] as number;
  const head = words[(offset >> 2) + 1] as number;
  const recordBytes = head & 0xffff;
  if ((recordBytes & 3) !== 0 || recordBytes < 12 || recordBytes > rules.end - offset) damaged();
  if (inode === 0) return recordBytes;
  const nameBytes = (head >>> 16) & 0xff;
  if (inode > rules.inodeCount || nameBytes === 0) damaged();
  if (recordBytes < dirEntryBytes(nameBytes)) damaged();
  return recordBytes;
}

/** The inode of the record at `offset`; 0 is a free record. */
export function inodeAt(block: BlockView, offset: number): number {
  return block.words[offset >> 2] as number;
}

/** Bytes of the name of the record at `offset`. */
export function nameBytesAt(block: BlockView, offset: number): number {
  return block.bytes[offset + DIR_ENTRY.nameBytes] as number;
}

/** The name of the record at `offset`, one char for each byte. */
export function nameAt(block: BlockView, offset: number): string {
  const { bytes } = block;
  const end = offset + DIR_ENTRY.name + nameBytesAt(block, offset);
  let name = "";
  for (let at = offset + DIR_ENTRY.name; at < end; at++) {
    name += String.fromCharCode(bytes[at] as number);
  }
  return name;
}

/** Whether the record at `offset` has this name. */
export function hasName(block: BlockView, offset: number, name: EntryName): boolean {
  const { byteLength } = name;
  if (nameBytesAt(block, offset) !== byteLength) return false;
  const start = offset + DIR_ENTRY.name;
  for (let index = byteLength - 1; index >= 0; index--) {
    if (block.bytes[start + index] !== name.bytes[index]) return false;
  }
  return true;
}

/** Whether the record at `offset` is `.` or `..`. */
export function isDots(block: BlockView, offset: number): boolean {
  const { bytes } = block;
  const nameBytes = nameBytesAt(block, offset);
  if (nameBytes > 2 || bytes[offset + DIR_ENTRY.name] !== 0x2e) return false;
  return nameBytes === 1 || bytes[offset + DIR_ENTRY.name + 1] === 0x2e;
}

/** Where a name stands, or -1. Hot path. */
export function findEntry(block: BlockView, name: EntryName, rules: LeafRules): number {
  for (let offset = 0; offset < rules.end;) {
    const recordBytes = recordBytesAt(block, offset, rules);
    if (inodeAt(block, offset) !== 0 && hasName(block, offset, name)) return offset;
    offset += recordBytes;
  }
  return -1;
}

/** Bytes of the largest entry that the block still has room for. */
export function roomIn(block: BlockView, rules: LeafRules): number {
  let room = 0;
  for (let offset = 0; offset < rules.end;) {
    const recordBytes = recordBytesAt(block, offset, rules);
    room = Math.max(room, recordBytes - usedBytes(block, offset));
    offset += recordBytes;
  }
  return room;
}

/** Bytes that no entry uses, wherever they lie. */
export function freeBytesIn(block: BlockView, rules: LeafRules): number {
  let free = 0;
  for (let offset = 0; offset < rules.end;) {
    const recordBytes = recordBytesAt(block, offset, rules);
    free += recordBytes - usedBytes(block, offset);
    offset += recordBytes;
  }
  return free;
}

/** What a new record leads to. */
export interface Leads {
  /** The inode, not 0. */
  readonly inode: number;
  /** One of `ENTRY_TYPE`. */
  readonly type: number;
}

/** Puts an entry into the first gap that takes it; answers its offset, or -1. */
export function insertEntry(
  block: BlockView,
  name: EntryName,
  leads: Leads,
  rules: LeafRules,
): number {
  const needed = dirEntryBytes(name.byteLength);
  for (let offset = 0; offset < rules.end;) {
    const recordBytes = recordBytesAt(block, offset, rules);
    const used = usedBytes(block, offset);
    if (recordBytes - used >= needed) {
      if (used > 0) setRecordBytes(block, offset, used);
      writeEntry(block, { offset: offset + used, recordBytes: recordBytes - used }, name, leads);
      return offset + used;
    }
    offset += recordBytes;
  }
  return -1;
}

/** Where a record lies. */
export interface RecordPlace {
  readonly offset: number;
  readonly recordBytes: number;
}

/** Writes a whole record. */
export function writeEntry(
  block: BlockView,
  place: RecordPlace,
  name: EntryName,
  leads: Leads,
): void {
  const { bytes, view } = block;
  const { offset } = place;
  view.setUint32(offset + DIR_ENTRY.inode, leads.inode, true);
  view.setUint16(offset + DIR_ENTRY.recordBytes, place.recordBytes, true);
  view.setUint8(offset + DIR_ENTRY.nameBytes, name.byteLength);
  view.setUint8(offset + DIR_ENTRY.type, leads.type);
  for (let index = 0; index < name.byteLength; index++) {
    bytes[offset + DIR_ENTRY.name + index] = name.bytes[index] as number;
  }
}

/** Removes the record at `offset`, which must be one's start. */
export function removeEntry(block: BlockView, offset: number, rules: LeafRules): void {
  let before = -1;
  for (let at = 0; at < offset;) {
    before = at;
    at += recordBytesAt(block, at, rules);
    if (at > offset) damaged();
  }
  const recordBytes = recordBytesAt(block, offset, rules);
  if (before >= 0) setRecordBytes(block, before, offset + recordBytes - before);
  block.words[offset >> 2] = 0;
}

/** Makes the block one free record, and a tail where there is one. */
export function clearLeaf(block: BlockView, rules: LeafRules): void {
  block.bytes.fill(0);
  setRecordBytes(block, 0, rules.end);
  if (rules.end === rules.blockBytes) return;
  block.view.setUint16(rules.end + DIR_TAIL.recordBytes, DIR_TAIL_BYTES, true);
  block.view.setUint8(rules.end + DIR_TAIL.type, DIR_TAIL.typeValue);
}

/**
 * Makes a block of the records of `source` at `offsets`, in that order and without gaps between
 * them. `source` is other memory.
 */
export function packRecords(
  block: BlockView,
  source: BlockView,
  offsets: Uint16Array,
  rules: LeafRules,
): void {
  clearLeaf(block, rules);
  let at = 0;
  let last = 0;
  for (const offset of offsets) {
    const used = dirEntryBytes(nameBytesAt(source, offset));
    block.bytes.set(source.bytes.subarray(offset, offset + used), at);
    setRecordBytes(block, at, used);
    last = at;
    at += used;
  }
  if (offsets.length > 0) setRecordBytes(block, last, rules.end - last);
}

function setRecordBytes(block: BlockView, offset: number, recordBytes: number): void {
  block.view.setUint16(offset + DIR_ENTRY.recordBytes, recordBytes, true);
}

function usedBytes(block: BlockView, offset: number): number {
  return inodeAt(block, offset) === 0 ? 0 : dirEntryBytes(nameBytesAt(block, offset));
}

function damaged(): never {
  throw new OsError("EUCLEAN", "entry of a directory");
}
