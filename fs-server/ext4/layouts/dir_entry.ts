/**
 * The ext2 directory entry, on disk and as `readdir` packs it.
 *
 * ```
 * disk:    inode u32 | recordBytes u16 | nameBytes u8 | type u8 | name, padded to 4
 * readdir: inode u32 | nextCookie u32  | type u8 | nameBytes u8 | name, padded to 4
 * ```
 * On disk the records of a block fill it to the last byte; inode 0 is a free record.
 *
 * @module
 */

/** Byte offsets of an entry on disk. */
export const DIR_ENTRY = { inode: 0, recordBytes: 4, nameBytes: 6, type: 7, name: 8 } as const;

/** Byte offsets of an entry in the answer of `readdir`. */
export const LISTED_ENTRY = { inode: 0, nextCookie: 4, type: 8, nameBytes: 9, name: 10 } as const;

/** Longest name of an entry, in bytes. */
export const NAME_BYTES_MAX = 255;

/** What an entry says of its inode. */
export const ENTRY_TYPE = {
  unknown: 0,
  file: 1,
  directory: 2,
  characterDevice: 3,
  blockDevice: 4,
  fifo: 5,
  socket: 6,
  symlink: 7,
} as const;

/** Bytes that an entry with a name of `nameBytes` needs on disk. */
export function dirEntryBytes(nameBytes: number): number {
  return (DIR_ENTRY.name + nameBytes + 3) & ~3;
}

/** Bytes that an entry with a name of `nameBytes` takes in the answer of `readdir`. */
export function listedEntryBytes(nameBytes: number): number {
  return (LISTED_ENTRY.name + nameBytes + 3) & ~3;
}

/** The entry type of an inode's mode: the type bits, as Linux's `ext2_type_by_mode` has them. */
export function entryTypeOfMode(mode: number): number {
  const types = [0, 5, 3, 0, 2, 0, 4, 0, 1, 0, 7, 0, 6, 0, 0, 0];
  return types[(mode >> 12) & 15] ?? ENTRY_TYPE.unknown;
}
