/**
 * The locks of a database file, as byte-range locks: what `os_unix.c` of SQLite does, so that
 * everybody who opens the file through this server, by whatever means, respects them.
 *
 * ```
 * level      holds
 * none       nothing
 * shared     the shared range, for reading
 * reserved   that, and the reserved byte
 * pending    that, and the pending byte: no new reader comes in
 * exclusive  that, and the shared range for itself: no reader is left
 * ```
 * Each open file is an owner of its own, so nothing need be known of other files of this program.
 *
 * @module
 */

/** Levels of SQLite. */
export const LEVEL = { none: 0, shared: 1, reserved: 2, pending: 3, exclusive: 4 } as const;

/** The first of 512 bytes that are locked; SQLite keeps no data there. */
const PENDING_BYTE = 0x4000_0000;
const PENDING = { offset: PENDING_BYTE, byteLength: 1 };
const RESERVED = { offset: PENDING_BYTE + 1, byteLength: 1 };
const SHARED = { offset: PENDING_BYTE + 2, byteLength: 510 };
const PENDING_AND_RESERVED = { offset: PENDING_BYTE, byteLength: 2 };
const ALL = { offset: PENDING_BYTE, byteLength: 512 };

/** A run of bytes. */
interface Range {
  readonly offset: number;
  readonly byteLength: number;
}

/** What an open file has for byte-range locks. */
export interface LockableFile {
  /** Locks a range at once; answers whether it has the lock. */
  tryLockRangeSync(lock: Range & { owner: number; isExclusive: boolean }): boolean;
  /** Lets go of a range. */
  unlockRangeSync(owner: number, range: Range): void;
  /** The first lock that stands in the way. */
  testLockSync(lock: Range & { owner: number; isExclusive: boolean }): unknown;
}

/** The last owner; 0 is the program itself. */
let owners = 0;

/** The level at which an open file holds its database. */
export class LockLevel {
  readonly #file: LockableFile;
  readonly #owner: number;
  #level: number = LEVEL.none;

  /** Holds nothing at first. */
  constructor(file: LockableFile) {
    this.#file = file;
    this.#owner = ++owners;
  }

  /** One of {@linkcode LEVEL}. */
  get current(): number {
    return this.#level;
  }

  /** Rises to a level; false if others are in the way. Then it may have risen to `pending`. */
  rise(level: number): boolean {
    if (this.#level >= level) return true;
    if (level === LEVEL.shared) return this.#riseToShared();
    if (level === LEVEL.reserved) {
      if (!this.#lock(RESERVED, true)) return false;
      this.#level = LEVEL.reserved;
      return true;
    }
    if (this.#level < LEVEL.pending) {
      if (!this.#lock(PENDING, true)) return false;
      this.#level = LEVEL.pending;
    }
    if (!this.#lock(SHARED, true)) return false;
    this.#level = LEVEL.exclusive;
    return true;
  }

  /** Falls to `shared` or `none`. */
  fall(level: number): void {
    if (this.#level <= level) return;
    if (level === LEVEL.none) {
      this.#level = LEVEL.none;
      this.#file.unlockRangeSync(this.#owner, ALL);
      return;
    }
    // Readers are let in only when this one is a reader again, never in between.
    if (!this.#lock(SHARED, false)) throw new Error("an exclusive lock cannot become shared");
    this.#level = LEVEL.shared;
    this.#file.unlockRangeSync(this.#owner, PENDING_AND_RESERVED);
  }

  /** Whether this or another one is about to write. */
  isReserved(): boolean {
    if (this.#level > LEVEL.shared) return true;
    const lock = { ...RESERVED, owner: this.#owner, isExclusive: true };
    return this.#file.testLockSync(lock) !== undefined;
  }

  #riseToShared(): boolean {
    // Whoever holds the pending byte waits for the readers to go: no new ones then.
    if (!this.#lock(PENDING, false)) return false;
    try {
      if (!this.#lock(SHARED, false)) return false;
      this.#level = LEVEL.shared;
      return true;
    } finally {
      this.#file.unlockRangeSync(this.#owner, PENDING);
    }
  }

  #lock(range: Range, isExclusive: boolean): boolean {
    return this.#file.tryLockRangeSync({ ...range, owner: this.#owner, isExclusive });
  }
}
