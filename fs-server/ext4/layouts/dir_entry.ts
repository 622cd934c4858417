/**
 * The directory entry, on disk and as `readdir` packs it.
 *
 * ```
 * disk:    inode u32 | recordBytes u16 | nameBytes u8 | type u8 | name, padded to 4
 * readdir: inode u32 | type u8 | nameBytes u8 | 0 u16 | nextCookie f64 | name, padded to 8
 * ```
 * On disk the records of a block fill it to the last byte; inode 0 is a free record.
 *
 * @module
 */

/** Byte offsets of an entry on disk. */
export const DIR_ENTRY = { inode: 0, recordBytes: 4, nameBytes: 6, type: 7, name: 8 } as const;

/**
 * Byte offsets in the tail of a block, with metadata checksums: a free record of a type that no
 * entry has.
 */
export const DIR_TAIL = {
  inode: 0,
  recordBytes: 4,
  nameBytes: 6,
  type: 7,
  checksum: 8,
  /** What `type` holds. */
  typeValue: 0xde,
} as const;

/** Bytes of the tail. */
export const DIR_TAIL_BYTES = 12;

/** Byte offsets of an entry in the answer of `readdir`. */
export const LISTED_ENTRY = {
  inode: 0,
  type: 4,
  nameBytes: 5,
  reserved: 6,
  nextCookie: 8,
  name: 16,
} as const;

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
  return (LISTED_ENTRY.name + nameBytes + 7) & ~7;
}

/** The entry type of an inode's mode: the type bits, as Linux's `ext2_type_by_mode` has them. */
export function entryTypeOfMode(mode: number): number {
  const types = [0, 5, 3, 0, 2, 0, 4, 0, 1, 0, 7, 0, 6, 0, 0, 0];
  return types[(mode >> 12) & 15] ?? ENTRY_TYPE.unknown;
}
