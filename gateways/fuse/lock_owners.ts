/**
 * Who holds locks: Linux names owners by 64 bits, the file server by 32.
 *
 * A record stands for one owner's locks on one file, and its index, from 1, is the owner's number at
 * the file server. It comes with the first lock, and goes when Linux says that the owner has closed
 * the file: then the locks are gone as well, and the number may be another's.
 *
 * In a keep: a record is written field by field, its inode last; 0 is a free one.
 *
 * @module
 */

import { OsError } from "@hako/ipc";

/** Words of a record. */
const WORDS = 6;
const AT = { inode: 0, ownerLow: 1, ownerHigh: 2, handle: 3, pid: 4 } as const;

/** The owners of the locks of a mount. */
export class LockOwners {
  readonly #words: Uint32Array;
  readonly #countMax: number;
  /** Records from here on are free. */
  #end = 0;

  /** Takes over what stands in a keep. */
  constructor(words: Uint32Array) {
    this.#words = words;
    this.#countMax = Math.floor(words.length / WORDS);
    for (let index = 0; index < this.#countMax; index++) {
      if (words[index * WORDS + AT.inode] !== 0) this.#end = index + 1;
    }
  }

  /** The number of an owner of locks on a file; 0 if it has none. Hot path. */
  find(inode: number, ownerLow: number, ownerHigh: number): number {
    const words = this.#words;
    for (let index = 0; index < this.#end; index++) {
      const at = index * WORDS;
      if (
        words[at + AT.inode] === inode && words[at + AT.ownerLow] === ownerLow &&
        words[at + AT.ownerHigh] === ownerHigh
      ) return index + 1;
    }
    return 0;
  }

  /**
   * The number of an owner who is about to lock a part of a file.
   *
   * @param by The handle through which it does, and which process that is, for others to be told.
   * @throws {OsError} `ENOLCK` if there are too many.
   */
  make(
    inode: number,
    ownerLow: number,
    ownerHigh: number,
    { handle, pid }: { readonly handle: number; readonly pid: number },
  ): number {
    const known = this.find(inode, ownerLow, ownerHigh);
    if (known !== 0) return known;
    const words = this.#words;
    let index = 0;
    while (index < this.#end && words[index * WORDS + AT.inode] !== 0) index++;
    if (index === this.#countMax) throw new OsError("ENOLCK", "lock for another owner");
    const at = index * WORDS;
    words[at + AT.ownerLow] = ownerLow;
    words[at + AT.ownerHigh] = ownerHigh;
    words[at + AT.handle] = handle;
    words[at + AT.pid] = pid;
    Atomics.store(words, at + AT.inode, inode);
    this.#end = Math.max(this.#end, index + 1);
    return index + 1;
  }

  /** Forgets an owner whose locks on the file are gone. */
  remove(number: number): void {
    Atomics.store(this.#words, (number - 1) * WORDS + AT.inode, 0);
    this.#shorten();
  }

  /** Forgets the owners who locked through a handle, which is closed. Hot path. */
  closed(handle: number): void {
    for (let index = 0; index < this.#end; index++) {
      const at = index * WORDS;
      const isThere = this.#words[at + AT.inode] !== 0;
      if (isThere && this.#words[at + AT.handle] === handle) this.remove(index + 1);
    }
  }

  /** Which process an owner is; 0 for a number that is none. */
  pidOf(number: number): number {
    return this.#words[(number - 1) * WORDS + AT.pid] ?? 0;
  }

  /** The owner's name at Linux as text, to be compared; empty for a number that is none. */
  nameOf(number: number): string {
    const at = (number - 1) * WORDS;
    if ((this.#words[at + AT.inode] ?? 0) === 0) return "";
    return ownerName(this.#words[at + AT.ownerLow]!, this.#words[at + AT.ownerHigh]!);
  }

  #shorten(): void {
    while (this.#end > 0 && this.#words[(this.#end - 1) * WORDS + AT.inode] === 0) this.#end--;
  }
}

/** An owner's name at Linux as text, to be compared. */
export function ownerName(low: number, high: number): string {
  return `${high}:${low}`;
}
