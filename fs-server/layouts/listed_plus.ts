/**
 * A name in a directory with what is told of its inode, as `readdirPlus` packs it.
 *
 * ```
 * an entry of `readdir` (`LISTED_ENTRY`), padded to 8 | the record of `layouts/attributes.ts`
 * ```
 * The record is all zero if the inode could not be read.
 *
 * @module
 */

import { listedEntryBytes } from "../ext4/layouts/dir_entry.ts";
import { ATTRIBUTES_BYTES } from "./attributes.ts";

/**
 * Bytes that an entry with a name of `nameBytes` takes in the answer of `readdirPlus`: the attributes
 * are the last {@linkcode ATTRIBUTES_BYTES} of them.
 */
export function listedPlusBytes(nameBytes: number): number {
  return listedEntryBytes(nameBytes) + ATTRIBUTES_BYTES;
}
