/**
 * The limits of capabilities, each with where it comes from.
 *
 * @module
 */

import { CONNECTIONS_MAX, DOMAINS_MAX, SEGMENTS_MAX } from "../limits.ts";

/** Owners of capabilities: the program, which is number 0, and every domain. */
export const OWNERS_MAX: number = DOMAINS_MAX + 1;

/** Rows of the table, of which the first is its own: 63 for each owner if all had as many. */
export const CAPABILITIES_MAX = 4096;

/** Capabilities that an owner can always have, whatever the others do: half of its even share. */
export const RESERVED_PER_OWNER = 32;

/** Capabilities that one owner may have: a quarter of the table, so that no two can take it all. */
export const HELD_MAX = 1024;

/** Capabilities in one grant: what a request with a handle in each of its words can tell of. */
export const GRANTED_AT_ONCE_MAX = 8;

/** The largest operation code that a limited capability can name: two words of bits. */
export const LIMITED_CODE_MAX = 64;

/** Capabilities in one answer to `held`: a page, since the table may hold many. */
export const HELD_PAGE = 32;

/**
 * Channels that were opened by capabilities which the manifest did not give: half of all connections,
 * so that the manifest's and the program's always have room.
 */
export const GRANTED_CHANNELS_MAX: number = CONNECTIONS_MAX / 2;

/** Segments that domains have asked for at run time: half of all, as above. */
export const RUN_TIME_SEGMENTS_MAX: number = SEGMENTS_MAX / 2;

/** Of either, what an owner can always have: more than half of its even share. */
export const MEMORIES_RESERVED_PER_OWNER = 4;

/** Of either, what one owner may have: an eighth. */
export const MEMORIES_PER_OWNER_MAX = 64;

/** Bytes of all segments that one owner has asked for at run time. The manifest's are not counted. */
export const SEGMENT_BYTES_PER_OWNER_MAX: number = 256 * 2 ** 20;
