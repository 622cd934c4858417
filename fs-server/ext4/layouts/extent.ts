/**
 * Nodes of an extent tree: a header, then entries of the same size, all made of whole words. The
 * root lies in the place of an inode's 15 block pointers, every other node fills a block.
 *
 * ```
 * header   magic:16 entries:16 | max:16 depth:16 | generation:32
 * leaf     fileBlock:32        | count:16 firstHigh:16 | firstLow:32       depth 0
 * index    fileBlock:32        | childLow:32 | childHigh:16 unused:16      depth 1 to 5
 * ```
 * A block's checksum stands behind its last possible entry.
 *
 * Source: Linux `fs/ext4/ext4_extents.h`.
 *
 * @module
 */

/** Low half of a node's first word. */
export const EXTENT_MAGIC = 0xf30a;

/** Words of a node's header. */
export const EXTENT_HEADER_WORDS = 3;

/** Words of an entry, of leaf and index alike. */
export const EXTENT_ENTRY_WORDS = 3;

/** Entries in the root. */
export const EXTENTS_IN_INODE = 4;

/** Most levels of index nodes above a leaf. */
export const EXTENT_DEPTH_MAX = 5;

/** Most blocks of an extent whose blocks were written. */
export const EXTENT_COUNT_MAX = 32_768;

/** Most blocks of an extent that reads as zeros: its `count` has this much more than 32,768. */
export const UNWRITTEN_COUNT_MAX = 32_767;

/** One more than the last file block that an extent can hold. */
export const EXTENT_FILE_BLOCKS_MAX = 0xffff_ffff;

/** Bit of an inode's `flags`: the words in place of its pointers are an extent tree's root. */
export const FLAG_EXTENTS = 0x80000;
