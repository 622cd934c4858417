/**
 * Handles that the gateway has of its own: of directories that were removed and that somebody may still
 * stand in - the file server frees what has no name and is not open, so they are open until Linux
 * forgets them - and those that are to be closed when there is time.
 *
 * In a keep: a record is written field by field, its inode last; 0 is a free one. Closed twice is as
 * good as once: the file server does not give a handle's number out again.
 *
 * @module
 */

/** Words of a record. */
const WORDS = 4;
const AT = { inode: 0, generation: 1, handle: 2 } as const;

/** Stands for an inode where the handle is to be closed: there are fewer inodes. */
const TO_CLOSE = 0xffffffff;

/** The handles of a mount that no program has. */
export class HeldHandles {
  readonly #words: Uint32Array;
  #count = 0;
  #toCloseCount = 0;

  /** Takes over what stands in a keep. */
  constructor(words: Uint32Array) {
    this.#words = words.subarray(0, words.length - words.length % WORDS);
    for (let at = 0; at < this.#words.length; at += WORDS) {
      if (words[at + AT.inode] !== 0) this.#count++;
      if (words[at + AT.inode] === TO_CLOSE) this.#toCloseCount++;
    }
  }

  /** Whether there is room for another one. */
  get hasRoom(): boolean {
    return this.#count * WORDS < this.#words.length;
  }

  /** Whether any is to be closed. Hot path. */
  get hasToClose(): boolean {
    return this.#toCloseCount > 0;
  }

  /** Holds a directory by a handle; done again, it is held once. There must be room. */
  hold(inode: number, generation: number, handle: number): void {
    if (this.#find(inode, generation) < 0) this.#add(inode, generation, handle);
  }

  /** Linux forgets a node: if it is held, its handle is to be closed. Hot path: most are not. */
  forget(inode: number, generation: number): void {
    if (this.#count === this.#toCloseCount) return;
    const at = this.#find(inode, generation);
    if (at < 0) return;
    Atomics.store(this.#words, at + AT.inode, TO_CLOSE);
    this.#toCloseCount++;
  }

  /** A handle is to be closed. Without room for it, it stays open as long as the mount is there. */
  closeLater(handle: number): void {
    if (!this.hasRoom) return;
    this.#add(TO_CLOSE, 0, handle);
    this.#toCloseCount++;
  }

  /** Closes what is to be closed, and forgets each when `close` has returned. */
  closeAll(close: (handle: number) => void): void {
    const words = this.#words;
    for (let at = 0; at < words.length && this.#toCloseCount > 0; at += WORDS) {
      if (words[at + AT.inode] !== TO_CLOSE) continue;
      close(words[at + AT.handle]!);
      Atomics.store(words, at + AT.inode, 0);
      this.#toCloseCount--;
      this.#count--;
    }
  }

  #add(inode: number, generation: number, handle: number): void {
    const words = this.#words;
    let at = 0;
    while (words[at + AT.inode] !== 0) at += WORDS;
    words[at + AT.generation] = generation;
    words[at + AT.handle] = handle;
    Atomics.store(words, at + AT.inode, inode);
    this.#count++;
  }

  #find(inode: number, generation: number): number {
    const words = this.#words;
    for (let at = 0; at < words.length; at += WORDS) {
      if (words[at + AT.inode] === inode && words[at + AT.generation] === generation) return at;
    }
    return -1;
  }
}
