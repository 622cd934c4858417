/**
 * The journal's tail: the keep that holds what is acknowledged and not yet in the ring on disk.
 *
 * ```
 * | head, 4 KiB | log half 0, E entries | log half 1, E entries | S image slots of 4 KiB |
 * ```
 *
 * Word 0 of the head is the **commit word**, the only shared word of the keep: bit 31 says which
 * half is in force, the other bits how many of its entries. Its owner is the incarnation of the
 * storage server; one `Atomics.store` of it publishes everything. Words 4 to 7 hold the device id.
 * Word 8 belongs to the integrity layer below (`../integrity/witness.ts`). A keep whose commit word is
 * 0 is one that no incarnation has opened yet.
 *
 * An entry is 8 words: kind, generation of its half, five words by kind, and the CRC-32C of those
 * seven:
 *
 * ```
 * kind     words 2..6
 * RING     sequence (u64), position, chain, live blocks | unapplied << 31   always the first entry
 * IMAGE    block (u64), slot, 0, 0
 * TAG      client badge, request sequence, tag badge, tag sequence, result
 * FAILED   errno, 0, 0, 0, 0
 * ```
 *
 * Later entries supersede earlier ones: the last RING counts, the last IMAGE of a block, the last
 * TAG of a client.
 *
 * @module
 */

import { crc32c } from "@hako/ipc";

/** Bytes before the log. */
export const TAIL_HEAD_BYTES = 4096;

/** Words of a log entry. */
export const ENTRY_WORDS = 8;

/** Word of the head at which the device id stands. */
export const TAIL_DEVICE_ID = 4;

/** Byte of the head at which the integrity layer's word stands. */
export const TAIL_WITNESS_OFFSET = 32;

/** The bit of the commit word that chooses the half. */
export const HALF_SHIFT = 31;

/** Most entries that the commit word can count. */
export const ENTRIES_MAX = 0x7fff_ffff;

/** Most clients whose last transaction is remembered; the one that was silent longest gives way. */
export const TAIL_CLIENTS_MAX = 64;

/** The kinds of entry. */
export const ENTRY_KIND = { RING: 1, IMAGE: 2, TAG: 3, FAILED: 4 } as const;

const ENTRY_BYTES = ENTRY_WORDS * 4;
const IMAGE_BYTES = 4096;
const ENTRIES_PER_BLOCK = IMAGE_BYTES / ENTRY_BYTES;
const ENTRIES_SPARE = 2 * ENTRIES_PER_BLOCK; // Clients' tags, the ring, and rounding to a block.

/** Sizes of the parts of a keep. */
export interface TailShape {
  /** Image slots. */
  readonly slotCount: number;
  /** Entries of each half: enough to list every slot twice, besides tags. */
  readonly entryCount: number;
  /** Where the slots start. */
  readonly slotsOffset: number;
}

/** How a keep of `byteLength` bytes is laid out; `slotCount` is 0 when it is too small. */
export function tailShape(byteLength: number): TailShape {
  const spareBytes = TAIL_HEAD_BYTES + 2 * ENTRIES_SPARE * ENTRY_BYTES;
  const perSlot = IMAGE_BYTES + 2 * 2 * ENTRY_BYTES;
  const slotCount = Math.max(0, Math.floor((byteLength - spareBytes) / perSlot));
  const wanted = 2 * slotCount + ENTRIES_PER_BLOCK;
  const entryCount = Math.ceil(wanted / ENTRIES_PER_BLOCK) * ENTRIES_PER_BLOCK;
  return { slotCount, entryCount, slotsOffset: TAIL_HEAD_BYTES + 2 * entryCount * ENTRY_BYTES };
}

/** Writes the checksum of the entry whose other words stand at `words[at]`. Hot path. */
export function sealEntry(words: Uint32Array, at: number): void {
  words[at + ENTRY_WORDS - 1] = crc32c(words, at, ENTRY_WORDS - 1, 0);
}

/** Whether the entry at `words[at]` is whole. */
export function isEntrySealed(words: Uint32Array, at: number): boolean {
  return words[at + ENTRY_WORDS - 1] === crc32c(words, at, ENTRY_WORDS - 1, 0);
}
