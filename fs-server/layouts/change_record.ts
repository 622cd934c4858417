/**
 * What `changes` packs into a window for each change.
 *
 * ```
 * number f64 | kind u32 | inode u32 | generation u32 | nameBytes u32 | name, padded to 8
 * ```
 * `number` goes up from record to record. Of kind `name` the inode is the directory, in which the name
 * has come, gone, or leads elsewhere; its times are others then too. Other kinds have no name.
 *
 * @module
 */

import { NAME_BYTES_MAX } from "../ext4/layouts/dir_entry.ts";

/** Byte offsets in a record. */
export const CHANGE_RECORD = {
  number: 0,
  kind: 8,
  inode: 12,
  generation: 16,
  nameBytes: 20,
  name: 24,
} as const;

/** Bytes of a record with a name of `nameBytes`. */
export function changeRecordBytes(nameBytes: number): number {
  return (CHANGE_RECORD.name + nameBytes + 7) & ~7;
}

/** Bytes of the longest record: the smallest window for `changes`. */
export const CHANGE_RECORD_BYTES_MAX: number = changeRecordBytes(NAME_BYTES_MAX);
