/**
 * The keep `openFiles`: what an incarnation must know of the lives before it.
 *
 * ```
 * 0      HEADER: magic, cursor, next, numbers of the last event and change
 * 64     RECOVERED: 32 records of 16 bytes: for each client the tag of the last transaction that a
 *        dead incarnation committed, whose request may still be given to a successor
 * 576    KEPT_CLIENT: 28 records of 16 bytes: clients whose open files outlive them
 * 1024   CREDENTIAL: a sixteenth of the rest, 144 bytes for each
 *        LOCK: a quarter of the rest, 40 bytes for each lock
 *        OPEN_ENTRY: 32 bytes for each open file, to the end of the keep
 * ```
 * Words are 32 bits. A record is written field by field, its commit word last.
 *
 * @module
 */

/** What the header's magic holds: the keep belongs to this boot's file system. */
export const KEEP_MAGIC = 0x6f70656f;

/**
 * Word indexes of the header; `next` is the entry to be tried first for the next open file,
 * `lastEvent` the number of the last event told to a watcher, `lastChange` that of the last change
 * told by `changes`: floats of 64 bits.
 */
export const HEADER = { magic: 0, cursor: 1, next: 2, lastEvent: 4, lastChange: 6 } as const;

/** First word of the recovered tags. */
export const RECOVERED_WORD = 16;
/** Words of one recovered tag. */
export const RECOVERED_WORDS = 4;
/** Recovered tags: those of so many clients, of each the last. */
export const RECOVERED_COUNT = 32;
/** Word indexes in a recovered tag; `commit` is 1 once the rest is written. */
export const RECOVERED = { badge: 0, sequence: 1, result: 2, commit: 3 } as const;

/** First word of the clients whose open files outlive them. */
export const KEPT_CLIENT_WORD = 144;
/** Words of one. */
export const KEPT_CLIENT_WORDS = 4;
/** How many there can be: what is left of the head. */
export const KEPT_CLIENT_COUNT = 28;
/**
 * Word indexes of one. `state` is the commit word, a `KEPT_CLIENT_STATE`; `client` is the number under
 * which things are open, `life` that of the life with which they end.
 */
export const KEPT_CLIENT = { state: 0, badge: 1, client: 2, life: 3 } as const;
/** What happens to what a client has open: it stays for its next life, or ends with the present one. */
export const KEPT_CLIENT_STATE = { free: 0, kept: 1, ending: 2 } as const;

const REGIONS_OFFSET = 1024;

/** Most groups of a credential besides the first. */
export const GROUPS_MAX = 32;
/** Words of one credential. */
export const CREDENTIAL_WORDS = 36;
/** Word indexes in a credential; `commit` is a `CREDENTIAL_STATE` once the rest is written. */
export const CREDENTIAL = { commit: 0, uid: 1, gid: 2, groupCount: 3, groups: 4 } as const;
/** What `commit` holds of a credential that is there: whether it overrides. */
export const CREDENTIAL_STATE = { plain: 1, overrides: 2 } as const;
/** Most credentials, whatever the keep's size. */
export const CREDENTIALS_MAX = 4096;

/** Words of one lock. */
export const LOCK_WORDS = 10;
/**
 * Word indexes in a lock. `state` is the commit word: 0 while free, else `LOCK_STATE`. `start` and
 * `end` (the first byte behind it; infinity without one) are floats of 64 bits.
 */
export const LOCK_ENTRY = {
  state: 0,
  inode: 1,
  client: 2,
  owner: 3,
  handle: 4,
  start: 6,
  end: 8,
} as const;
/** Bits of a lock's state. */
export const LOCK_STATE = { shared: 1, exclusive: 2, range: 4 } as const;
/** Most locks, whatever the keep's size. */
export const LOCKS_MAX = 65_536;

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
  client: 3,
  creatorSequence: 4,
  closerSequence: 5,
  closed: 6, // 1: closerSequence means something.
  credential: 7,
} as const;
/** Most open files, whatever the keep's size. */
export const OPEN_FILES_MAX = 65_536;

/** Records of one kind in the keep. */
export interface Region {
  /** The keep's words from its first one on. */
  readonly words: Uint32Array;
  /** How many records there are. */
  readonly count: number;
}

/** The regions of a keep. */
export interface Regions {
  /** The header and the recovered tags. */
  readonly head: Uint32Array;
  readonly credentials: Region;
  readonly locks: Region;
  readonly entries: Region;
}

/** Divides a keep. Its size says how many records of each kind there are. */
export function regionsOf(keep: Uint8Array): Regions {
  const rest = Math.max(0, keep.byteLength - REGIONS_OFFSET);
  let offset = REGIONS_OFFSET;
  const region = (byteLength: number, recordWords: number, countMax: number): Region => {
    const count = Math.min(countMax, Math.floor(byteLength / (recordWords * 4)));
    const words = new Uint32Array(keep.buffer, keep.byteOffset + offset, count * recordWords);
    offset += words.byteLength;
    return { words, count };
  };
  return {
    head: new Uint32Array(keep.buffer, keep.byteOffset, REGIONS_OFFSET / 4),
    credentials: region(rest / 16, CREDENTIAL_WORDS, CREDENTIALS_MAX),
    locks: region(rest / 4, LOCK_WORDS, LOCKS_MAX),
    entries: region(rest - (offset - REGIONS_OFFSET), OPEN_ENTRY_WORDS, OPEN_FILES_MAX),
  };
}

/** Whether an incarnation of this boot has been here before. */
export function isOfThisBoot({ head }: Regions): boolean {
  return head[HEADER.magic] === KEEP_MAGIC;
}
