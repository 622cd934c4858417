/**
 * The keep `metadataLog`: what was answered and is not yet in the file system on the disk.
 *
 * ```text
 *   head    magic, sizes, first, committed      words, see LOG_HEAD
 *   tags    16 × (number, badge, sequence, result), by number modulo 16
 *   records one behind the other from `records` on, numbered; those in [first, committed) count
 *   images  slots of one block each
 * ```
 * A record names for each block the slot that holds its image. A slot is written anew only while no
 * record that counts is the last one to name it.
 *
 * @module
 */

/** Words of the head. */
export const LOG_HEAD = {
  magic: 0,
  blockBytes: 1,
  /** Bytes of the keep, when the log was begun. */
  byteLength: 2,
  /** Number of the first record that counts: it stands at the start of the records. */
  first: 3,
  /** Number behind the last record that counts. The one word by which a commit takes effect. */
  committed: 4,
} as const;

/** Marks a log that was begun. */
export const LOG_MAGIC = 0x4c_4f_47_31;

/** Byte offset of the tags. */
export const TAGS_OFFSET = 64;

/** Requests whose results are remembered. */
export const TAG_COUNT = 16;

/** Words of a tag. */
export const LOG_TAG = { number: 0, badge: 1, sequence: 2, result: 3 } as const;

/** Words in a tag. */
export const TAG_WORDS = 4;

/** Byte offset of the records. */
export const RECORDS_OFFSET: number = TAGS_OFFSET + TAG_COUNT * TAG_WORDS * 4;

/** Words of the head of a record; behind it stand its entries. */
export const RECORD = {
  number: 0,
  entryCount: 1,
  badge: 2,
  sequence: 3,
  result: 4,
  /** Sum over all other words of the record. */
  sum: 5,
} as const;

/** Words in the head of a record. */
export const RECORD_WORDS = 6;

/** Words of an entry of a record. */
export const RECORD_ENTRY = {
  /** Low 32 bits of the block's number. */
  block: 0,
  /** High 16 bits of the block's number; above them its kind. */
  blockHighAndKind: 1,
  owner: 2,
  /** Where the image is, or {@linkcode NO_SLOT}: the block is nobody's any more. */
  slot: 3,
  /** The block's mark: what its owner knows of the image. */
  mark: 4,
} as const;

/** Words in an entry of a record. */
export const RECORD_ENTRY_WORDS = 5;

/** The slot of a block that was freed. */
export const NO_SLOT = 0xffff_ffff;

/** The keep holds one byte of records for so many bytes in all. */
export const RECORDS_SHARE = 16;
