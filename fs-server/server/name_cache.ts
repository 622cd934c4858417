/**
 * What names led to lately: from a directory's number and a name to an inode's number, or to the
 * knowledge that there is none. Memory is fixed: a new name takes the place of an old one.
 *
 * It is a hint made of what the disk said. Whatever changes a name tells it; what the running
 * operation told is forgotten when that operation rolls back. Paths are walked, and the cache is
 * filled, only while nothing uncommitted is in the directories.
 *
 * @module
 */

/** Longest name that is remembered, in bytes. */
const NAME_BYTES_MAX = 56;
/** Places that a name may stand in. */
const WAYS = 4;
/** Names that one operation changes, at most; of more, all are forgotten. */
const CHANGED_MAX = 64;

/** What `find` answers of a name that it knows nothing of. */
export const UNKNOWN = -1;

/** What is known of the inode that a name leads to; it does not change while the name does not. */
export const NAMED_TYPE = { unknown: 0, directory: 1, symlink: 2, other: 3 } as const;

// A slot's words.
const DIRECTORY = 0;
const INODE = 1;
const HASH = 2;
const HEAD = 3; // 0: empty; else bytes of the name, and the type above them.
const SLOT_WORDS = 4;
const TYPE_SHIFT = 8;

/** The start of {@linkcode hashByte}. */
export const HASH_START = 0x811c9dc5 | 0;

/** The hash of a name, a byte further. */
export function hashByte(hash: number, byte: number): number {
  return Math.imul(hash ^ byte, 0x01000193);
}

/** Names and what they lead to. */
export class NameCache {
  readonly #words: Int32Array;
  readonly #names: Uint8Array;
  readonly #turns: Uint8Array;
  readonly #mask: number;
  readonly #changed = new Int32Array(CHANGED_MAX);
  readonly #scratch = new Uint8Array(256);
  #changedCount = 0;
  #version = 0;
  /** The slot that `find`, `fill` or `set` used last, or -1. */
  #slot = -1;

  /** @param capacity How many names it remembers, a power of two; 72 bytes each. */
  constructor(capacity = 1 << 15) {
    this.#words = new Int32Array(capacity * SLOT_WORDS);
    this.#names = new Uint8Array(capacity * NAME_BYTES_MAX);
    this.#turns = new Uint8Array(capacity / WAYS);
    this.#mask = capacity / WAYS - 1;
  }

  /**
   * The inode that a name leads to; 0 if there is none, `UNKNOWN` if it is not remembered. Hot path.
   *
   * @param hash Of the bytes, by {@linkcode hashByte}.
   */
  find(directory: number, hash: number, bytes: Uint8Array, start: number, end: number): number {
    const words = this.#words;
    const mixed = mix(directory, hash);
    const first = (mixed & this.#mask) * WAYS;
    for (let slot = first; slot < first + WAYS; slot++) {
      const at = slot * SLOT_WORDS;
      if (words[at + HASH] !== mixed || words[at + DIRECTORY] !== (directory | 0)) continue;
      if (((words[at + HEAD] as number) & 0xff) !== end - start) continue;
      if (!this.#hasName(slot, bytes, start, end)) continue;
      this.#slot = slot;
      return (words[at + INODE] as number) >>> 0;
    }
    this.#slot = -1;
    return UNKNOWN;
  }

  /** What is known of the inode that the last name led to: one of `NAMED_TYPE`. */
  get type(): number {
    if (this.#slot < 0) return NAMED_TYPE.unknown;
    return (this.#words[this.#slot * SLOT_WORDS + HEAD] as number) >> TYPE_SHIFT;
  }

  /** Remembers that: one of `NAMED_TYPE`. */
  setType(type: number): void {
    if (this.#slot < 0) return;
    const at = this.#slot * SLOT_WORDS + HEAD;
    this.#words[at] = ((this.#words[at] as number) & 0xff) | (type << TYPE_SHIFT);
  }

  /** Remembers what the disk says of the name in `bytes`, which `find` did not know. */
  fill(directory: number, inode: number, bytes: Uint8Array, start: number, end: number): void {
    let hash = HASH_START;
    for (let at = start; at < end; at++) hash = hashByte(hash, bytes[at] as number);
    this.#put(directory, hash, bytes, start, end);
    if (this.#slot >= 0) this.#words[this.#slot * SLOT_WORDS + INODE] = inode;
  }

  /** The running operation lets a name lead to an inode, or to none with 0. */
  set(directory: number, name: string, inode: number): void {
    if (name.length > NAME_BYTES_MAX) return;
    let hash = HASH_START;
    for (let index = 0; index < name.length; index++) {
      const byte = name.charCodeAt(index);
      this.#scratch[index] = byte;
      hash = hashByte(hash, byte);
    }
    this.#put(directory, hash, this.#scratch, 0, name.length);
    this.#words[this.#slot * SLOT_WORDS + INODE] = inode;
    if (this.#changedCount < CHANGED_MAX) this.#changed[this.#changedCount] = this.#slot;
    this.#changedCount++;
  }

  /** What the running operation set is true. */
  committed(): void {
    this.#changedCount = 0;
    this.#version++;
  }

  /** Forgets what the running operation set. */
  rolledBack(): void {
    if (this.#changedCount > CHANGED_MAX) this.#words.fill(0);
    const count = Math.min(this.#changedCount, CHANGED_MAX);
    for (let index = 0; index < count; index++) this.#clear(this.#changed[index] as number);
    this.#changedCount = 0;
    this.#version++;
  }

  /** Grows with every operation that may have changed anything. */
  get version(): number {
    return this.#version;
  }

  /** Makes `#slot` one with the name in it, of whose inode nothing is known yet. */
  #put(directory: number, hash: number, bytes: Uint8Array, start: number, end: number): void {
    if (end - start > NAME_BYTES_MAX) {
      this.#slot = -1;
      return;
    }
    const words = this.#words;
    if (this.find(directory, hash, bytes, start, end) === UNKNOWN) {
      const mixed = mix(directory, hash);
      this.#slot = this.#victim(mixed & this.#mask);
      const at = this.#slot * SLOT_WORDS;
      words[at + DIRECTORY] = directory;
      words[at + HASH] = mixed;
      const to = this.#slot * NAME_BYTES_MAX - start;
      for (let from = start; from < end; from++) this.#names[to + from] = bytes[from] as number;
    }
    words[this.#slot * SLOT_WORDS + HEAD] = end - start;
  }

  #victim(set: number): number {
    const first = set * WAYS;
    for (let way = 0; way < WAYS; way++) {
      if (this.#words[(first + way) * SLOT_WORDS + HEAD] === 0) return first + way;
    }
    const turn = ((this.#turns[set] as number) + 1) & (WAYS - 1);
    this.#turns[set] = turn;
    return first + turn;
  }

  #clear(slot: number): void {
    this.#words.fill(0, slot * SLOT_WORDS, (slot + 1) * SLOT_WORDS);
  }

  #hasName(slot: number, bytes: Uint8Array, start: number, end: number): boolean {
    const to = slot * NAME_BYTES_MAX - start;
    for (let at = start; at < end; at++) {
      if (this.#names[to + at] !== bytes[at]) return false;
    }
    return true;
  }
}

function mix(directory: number, hash: number): number {
  const mixed = Math.imul(hash ^ Math.imul(directory, 0x9e3779b1), 0x85ebca6b);
  return mixed ^ (mixed >>> 15);
}
