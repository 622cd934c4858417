/**
 * The blocks of a directory's hash tree that lead to its leaves.
 *
 * ```
 * root:  "." record | ".." record to the end | 0 u32 | version u8 | 8 u8 | levels u8 | flags u8 | entries
 * node:  free record to the end                                                                 | entries
 * entry: hash u32 | block u32, of the directory     the first: limit u16 | count u16 | block u32
 * ```
 * The first entry leads to all hashes below that of the second. Bit 0 of a hash says that names of
 * the same hash stand before it too. With metadata checksums 8 bytes follow the last entry there is
 * room for: 0 u32 | checksum u32.
 *
 * Source: Linux `fs/ext4/namei.c`, `struct dx_root` and `struct dx_node`.
 *
 * @module
 */

/** Byte offsets in the root. */
export const HASH_ROOT = {
  dot: 0,
  dotDot: 12,
  reserved: 24, // u32
  version: 28, // u8
  infoBytes: 29, // u8
  levels: 30, // u8: of nodes between the root and the leaves.
  flags: 31, // u8
  entries: 32,
} as const;

/** Byte offset of the entries of any other node. */
export const HASH_NODE_ENTRIES = 8;

/** Byte offsets in an entry; the first has limit and count in place of a hash. */
export const HASH_ENTRY = { hash: 0, limit: 0, count: 2, block: 4 } as const;

/** Bytes of an entry. */
export const HASH_ENTRY_BYTES = 8;

/** What `infoBytes` holds. */
export const HASH_INFO_BYTES = 8;

/** Bytes behind the entries, with metadata checksums. */
export const HASH_TAIL_BYTES = 8;

/** The bits of an entry's block that count. */
export const HASH_BLOCK_MASK = 0x0fff_ffff;

/** Entries that a block has room for. */
export function hashEntriesMax(blockBytes: number, entriesAt: number, hasTail: boolean): number {
  const room = blockBytes - entriesAt - (hasTail ? HASH_TAIL_BYTES : 0);
  return Math.floor(room / HASH_ENTRY_BYTES);
}
