/**
 * The keep `openFiles`: what an incarnation must know of the lives before it.
 *
 * ```
 * 0      HEADER: magic, cursor, next
 * 64     RECOVERED: 32 records of 16 bytes: tags of transactions that a dead incarnation committed
 *        and whose requests may still be given to a successor
 * 1024   OPEN_ENTRY: 32 bytes for each open file, to the end of the keep
 * ```
 * Words are 32 bits. A record is written field by field, its commit word last.
 *
 * @module
 */

/** What the header's magic holds: the keep belongs to this boot's file system. */
export const KEEP_MAGIC = 0x6f70656e;

/** Word indexes of the header; `next` is the entry to be tried first for the next open file. */
export const HEADER = { magic: 0, cursor: 1, next: 2 } as const;

/** First word of the recovered tags. */
export const RECOVERED_WORD = 16;
/** Words of one recovered tag. */
export const RECOVERED_WORDS = 4;
/** Recovered tags: as many lives may end before the request of the first is given again. */
export const RECOVERED_COUNT = 32;
/** Word indexes in a recovered tag; `commit` is 1 once the rest is written. */
export const RECOVERED = { badge: 0, sequence: 1, result: 2, commit: 3 } as const;

/** Byte offset of the first entry. */
export const ENTRIES_OFFSET = 1024;
/** Words of one entry. */
export const OPEN_ENTRY_WORDS = 8;
/**
 * Word indexes in an entry. `state` is the commit word: generation << 1, bit 0 set while open. The
 * creator's sequence finds the entry of an `open` that is executed again, the closer's tells a
 * `close` that is executed again from one of a stale handle.
 */
export const OPEN_ENTRY = {
  state: 0,
  inode: 1,
  flags: 2,
  badge: 3,
  creatorSequence: 4,
  closerSequence: 5,
  closed: 6, // 1: closerSequence means something.
  reserved: 7,
} as const;
