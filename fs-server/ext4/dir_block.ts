/**
 * One block of a directory: records that fill it to the last byte. A record is removed by letting
 * the one before it grow over it, so that no other record ever moves.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import { BLOCK_BYTES } from "../disk/disk.ts";
import { DIR_ENTRY, dirEntryBytes } from "./layouts/dir_entry.ts";

/** What can be looked at: the bytes of one block, as bytes and as fields. */
export interface BlockView {
  /** The bytes. */
  readonly bytes: Uint8Array;
  /** The same bytes. */
  readonly view: DataView;
}

/** What a new record shall say. */
export interface NewEntry {
  /** The name, one char for each byte. */
  readonly name: string;
  /** The inode, not 0. */
  readonly inode: number;
  /** One of `ENTRY_TYPE`. */
  readonly type: number;
}

/**
 * Checks the record at `offset` and answers its length.
 *
 * @param inodeCount Inodes of the file system.
 * @throws {OsError} `EUCLEAN`
 */
export function recordBytesAt(block: BlockView, offset: number, inodeCount: number): number {
  const { view } = block;
  if (offset > BLOCK_BYTES - dirEntryBytes(1)) throw damaged();
  const recordBytes = view.getUint16(offset + DIR_ENTRY.recordBytes, true);
  const nameBytes = view.getUint8(offset + DIR_ENTRY.nameBytes);
  const inode = view.getUint32(offset + DIR_ENTRY.inode, true);
  if (recordBytes % 4 !== 0 || recordBytes < dirEntryBytes(1)) throw damaged();
  if (recordBytes > BLOCK_BYTES - offset) throw damaged();
  if (inode > inodeCount) throw damaged();
  if (inode !== 0 && (nameBytes === 0 || recordBytes < dirEntryBytes(nameBytes))) throw damaged();
  return recordBytes;
}

/** The inode of the record at `offset`; 0 is a free record. */
export function inodeAt(block: BlockView, offset: number): number {
  return block.view.getUint32(offset + DIR_ENTRY.inode, true);
}

/** The name of the record at `offset`, one char for each byte. */
export function nameAt(block: BlockView, offset: number): string {
  const { bytes } = block;
  const end = offset + DIR_ENTRY.name + (bytes[offset + DIR_ENTRY.nameBytes] ?? 0);
  let name = "";
  for (let at = offset + DIR_ENTRY.name; at < end; at++) {
    name += String.fromCharCode(bytes[at] ?? 0);
  }
  return name;
}

/** Whether the record at `offset` has this name. */
export function hasName(block: BlockView, offset: number, name: string): boolean {
  const { bytes } = block;
  if (bytes[offset + DIR_ENTRY.nameBytes] !== name.length) return false;
  for (let index = 0; index < name.length; index++) {
    if (bytes[offset + DIR_ENTRY.name + index] !== name.charCodeAt(index)) return false;
  }
  return true;
}

/** Bytes of the largest entry that the block still has room for. */
export function roomIn(block: BlockView, inodeCount: number): number {
  let room = 0;
  for (let offset = 0; offset < BLOCK_BYTES;) {
    const recordBytes = recordBytesAt(block, offset, inodeCount);
    room = Math.max(room, recordBytes - usedBytes(block, offset));
    offset += recordBytes;
  }
  return room;
}

/** Puts an entry into the first gap that takes it; answers its offset, or -1. */
export function insertEntry(block: BlockView, entry: NewEntry, inodeCount: number): number {
  const needed = dirEntryBytes(entry.name.length);
  for (let offset = 0; offset < BLOCK_BYTES;) {
    const recordBytes = recordBytesAt(block, offset, inodeCount);
    const used = usedBytes(block, offset);
    if (recordBytes - used >= needed) {
      if (used > 0) block.view.setUint16(offset + DIR_ENTRY.recordBytes, used, true);
      writeEntry(block, offset + used, recordBytes - used, entry);
      return offset + used;
    }
    offset += recordBytes;
  }
  return -1;
}

/** Writes a whole record. */
export function writeEntry(
  block: BlockView,
  offset: number,
  recordBytes: number,
  entry: NewEntry,
): void {
  const { bytes, view } = block;
  const { name } = entry;
  view.setUint32(offset + DIR_ENTRY.inode, entry.inode, true);
  view.setUint16(offset + DIR_ENTRY.recordBytes, recordBytes, true);
  view.setUint8(offset + DIR_ENTRY.nameBytes, name.length);
  view.setUint8(offset + DIR_ENTRY.type, entry.type);
  for (let index = 0; index < name.length; index++) {
    bytes[offset + DIR_ENTRY.name + index] = name.charCodeAt(index);
  }
}

/** Removes the record at `offset`, which must be one's start. */
export function removeEntry(block: BlockView, offset: number, inodeCount: number): void {
  const { view } = block;
  let before = -1;
  for (let at = 0; at < offset;) {
    before = at;
    at += recordBytesAt(block, at, inodeCount);
    if (at > offset) throw damaged();
  }
  if (before >= 0) {
    const merged = view.getUint16(before + DIR_ENTRY.recordBytes, true) +
      view.getUint16(offset + DIR_ENTRY.recordBytes, true);
    view.setUint16(before + DIR_ENTRY.recordBytes, merged, true);
  }
  view.setUint32(offset + DIR_ENTRY.inode, 0, true);
}

/** Makes the block one free record. */
export function clearDirBlock(block: BlockView): void {
  block.bytes.fill(0);
  block.view.setUint16(DIR_ENTRY.recordBytes, BLOCK_BYTES, true);
}

function usedBytes(block: BlockView, offset: number): number {
  if (inodeAt(block, offset) === 0) return 0;
  return dirEntryBytes(block.view.getUint8(offset + DIR_ENTRY.nameBytes));
}

function damaged(): OsError {
  return new OsError("EUCLEAN", "entry of a directory");
}
