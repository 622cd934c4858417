/**
 * The keep `sessions`: who keeps what of which file, and which windows are mapped; for successors.
 *
 * ```
 * 0     HEADER: magic
 * 64    MAPPING: 48 bytes each, 128 of them
 *       SESSION: 64 bytes and 16 for each slot, as many as fit
 * ```
 * Words are 32 bits. A record is written field by field, its `state` last, and is void while that
 * is 0. A lease is written `kind` last, after `grant` and `inode`.
 *
 * @module
 */

import { SLOTS_MAX } from "../../layouts/session.ts";

/** What the header's magic holds: the keep belongs to this boot. */
export const SESSION_KEEP_MAGIC = 0x73657373;

/** First word of the mappings, and how many there are. */
export const MAPPINGS_WORD = 16;
/** Mappings in all. */
export const MAPPINGS_MAX = 128;
/** Words of a mapping. */
export const MAPPING_WORDS = 12;
/** Word indexes in a mapping. */
export const MAPPING = {
  state: 0,
  badge: 1,
  life: 2,
  handle: 3,
  inode: 4,
  segment: 5,
  byteOffset: 6,
  byteLength: 7,
  fileOffsetLow: 8,
  fileOffsetHigh: 9,
} as const;

/** First word of the sessions. */
export const SESSIONS_WORD: number = MAPPINGS_WORD + MAPPINGS_MAX * MAPPING_WORDS;
/** Words of a session's head. */
export const SESSION_HEAD_WORDS = 16;
/** Word indexes in a session's head. */
export const SESSION = {
  state: 0,
  badge: 1,
  life: 2,
  segment: 3,
  byteOffset: 4,
  byteLength: 5,
} as const;

/** Words of a lease. */
export const LEASE_WORDS = 4;
/** Word indexes in a lease. */
export const KEPT_LEASE = { inode: 0, inodeGeneration: 1, grant: 2, kind: 3 } as const;

/** Words of a session. */
export const SESSION_WORDS: number = SESSION_HEAD_WORDS + SLOTS_MAX * LEASE_WORDS;

/** Bytes of a keep for so many sessions. */
export function sessionKeepBytes(sessions: number): number {
  return (SESSIONS_WORD + sessions * SESSION_WORDS) * 4;
}
