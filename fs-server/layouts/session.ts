/**
 * A session: what a client and the file server share in the client's window, so that the client may
 * keep parts of files there, read and change them without a request, and the server may take all
 * that back without the client's help.
 *
 * ```
 * 0    HEADER        64 bytes
 * 64   SLOT          192 bytes each: a lease of one file, and its attributes
 *      FRAME         16 bytes each: which page of which slot's file lies in the frame
 *      (to the next 4 KiB of the region)
 *      frames        4 KiB each
 * ```
 * How many slots and frames there are follows from the region's length alone (`sessionShape`), so
 * neither side has to trust the other with it.
 *
 * ## Who owns what
 *
 * `lock` says to whom a slot belongs, with its attributes, `dirtyCount`, the frames of the lease and
 * their records. It moves by compare-and-swap:
 *
 * ```
 *          ┌── client ──▶ CLIENT ── client ──┐
 *   FREE ──┤                │ overruled      ├──▶ FREE
 *          └── server ──▶ SERVER ── server ──┘
 * ```
 * - A client holds the lock for one operation that waits for nothing. If it finds SERVER it does
 *   not wait: it makes a plain request, which the server does when it has let go.
 * - The server waits a bounded time for a client (`CLIENT` may be for ever: the client is dead or
 *   hostile), and then overrules it. The client's swap CLIENT to FREE fails then: the operation does
 *   not count, and the client makes a plain request. What it stored late carries an old `grant`.
 * - `kind`, `inode`, `inodeGeneration` and `grant` are the server's alone. Nothing that a client
 *   could have written is trusted: the server has them in a keep.
 *
 * `grant` counts what made the slot's frames void: a lease begun, revoked, or a change of the file
 * that the client did not make itself. A frame's record counts only with the slot's present grant.
 * Only a free slot, or one that the server holds, gets a new grant.
 *
 * ## Dirty frames
 *
 * Under a lease to write, a write fills the frame, then sets `dirty` in its record, then `size` in
 * the attributes and `dirtyCount`, then frees the lock; with that it counts, and is answered. The
 * server writes dirty frames to the file and only then clears `dirty`. Both happen under the lock.
 *
 * ## Deaths
 *
 * | Who dies while the lock is | What is found | What is done |
 * | --- | --- | --- |
 * | client, FREE | dirty frames, whole | the server writes them back when it hears of the end |
 * | client, CLIENT | the same; the last write, which nobody was told of, in part | the same |
 * | server, FREE | all as it was | the successor knows the leases from the keep, and goes on |
 * | server, SERVER, before `dirty` is cleared | dirty frames, perhaps in the file already | they are written again: nobody could change them, nor the file, meanwhile |
 * | server, SERVER, after that | a lease older than, or as, the keep's | the successor tells kind, new grant and attributes anew, then frees the lock |
 *
 * The keep changes before the slot does, so that no client has more than the successor knows of.
 *
 * @module
 */

import { ATTRIBUTES_BYTES } from "./attributes.ts";

/** What the header's magic holds. */
export const SESSION_MAGIC = 0x68616b73;

/** Bytes of a page and of a frame. */
export const FRAME_BYTES = 4096;

/** Bytes of the header. */
export const HEADER_BYTES = 64;

/**
 * Word indexes in the header. `nameGeneration` is raised by the server, before it answers, with every
 * change that `stat` of any path could see.
 */
export const HEADER = { magic: 0, nameGeneration: 1 } as const;

/** Words of a slot. */
export const SLOT_WORDS = 48;

/** Word indexes in a slot; `attributes` is where the record of `attributes.ts` begins. */
export const SLOT = {
  lock: 0,
  grant: 1,
  kind: 2, // LEASE
  inode: 3,
  inodeGeneration: 4,
  dirtyCount: 5, // Frames; a hint that says whether to look for them.
  attributes: 16,
} as const;

/** Values of a slot's `lock`. */
export const SLOT_LOCK = { free: 0, client: 1, server: 2 } as const;

/** Words of a frame's record. */
export const FRAME_WORDS = 4;

/** Word indexes in a frame's record; `slot` is the slot's index and one more, 0 for none. */
export const FRAME = { slot: 0, page: 1, grant: 2, dirty: 3 } as const;

/** The smallest region of a session. */
export const SESSION_BYTES_MIN: number = 32 * FRAME_BYTES;

/** The largest: 64 Ki frames. */
export const SESSION_BYTES_MAX: number = 256 * 1024 * 1024;

/** Most slots of a session. */
export const SLOTS_MAX = 128;

/** How a region is divided. */
export interface SessionShape {
  readonly slotCount: number;
  readonly frameCount: number;
  /** Word index of the first frame's record. */
  readonly framesWord: number;
  /** Byte offset of the first frame. */
  readonly framesOffset: number;
}

/** How a region of so many bytes is divided. */
export function sessionShape(byteLength: number): SessionShape {
  const slotCount = Math.min(SLOTS_MAX, Math.floor(byteLength / (8 * FRAME_BYTES)));
  const tableOffset = HEADER_BYTES + slotCount * SLOT_WORDS * 4;
  const pages = Math.floor(byteLength / FRAME_BYTES);
  let frameCount = pages;
  while (frameCount > 0 && headPages(tableOffset, frameCount) + frameCount > pages) frameCount--;
  const framesOffset = headPages(tableOffset, frameCount) * FRAME_BYTES;
  return { slotCount, frameCount, framesWord: tableOffset >> 2, framesOffset };
}

function headPages(tableOffset: number, frameCount: number): number {
  return Math.ceil((tableOffset + frameCount * FRAME_WORDS * 4) / FRAME_BYTES);
}

/** Word index of a slot. */
export function slotWord(slot: number): number {
  return (HEADER_BYTES >> 2) + slot * SLOT_WORDS;
}

if (SLOT.attributes * 4 + ATTRIBUTES_BYTES > SLOT_WORDS * 4) throw new RangeError("slot too small");
