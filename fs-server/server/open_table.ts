/**
 * The open files, and what else must outlive an incarnation: see `layouts/open_keep.ts`.
 *
 * A handle is `generation << 10 | index`. Entries are reused in turn, so that a closed one keeps
 * telling who closed it for as long as possible.
 *
 * @module
 */

import { assert, OsError } from "@hako/ipc";
import type { CommittedTag, RequestTag } from "../disk/disk.ts";
import {
  ENTRIES_OFFSET,
  HEADER,
  KEEP_MAGIC,
  OPEN_ENTRY as ENTRY,
  OPEN_ENTRY_WORDS,
  RECOVERED,
  RECOVERED_COUNT,
  RECOVERED_WORD,
  RECOVERED_WORDS,
} from "./layouts/open_keep.ts";

/** Most open files: the index has 10 bits of a handle. */
export const OPEN_FILES_MAX = 1024;

/** Generations: the other 22 bits. 0 is none, so that no handle is 0. */
const GENERATION_COUNT = 2 ** 22;

/** The table of open files, in a keep. */
export class OpenTable {
  readonly #words: Uint32Array;
  readonly #entryCount: number;
  /** By inode: how many entries are open. */
  readonly #counts = new Map<number, number>();
  /** Whether an incarnation of this boot was here before. */
  readonly isInherited: boolean;
  /** By their creator's sequence: entries that an earlier life made. */
  readonly #inherited = new Map<number, number[]>();
  #openCount = 0;
  #recoveredCount = 0;

  /**
   * Takes over what stands in the keep.
   *
   * @param keep Zeroed before the first incarnation; at least one entry behind its header.
   * @param inodeCount Inodes of the file system: an entry of any other is dropped.
   */
  constructor(keep: Uint8Array, inodeCount: number) {
    assert(keep.byteOffset % 4 === 0, "a keep is aligned to words");
    const room = Math.floor((keep.byteLength - ENTRIES_OFFSET) / (OPEN_ENTRY_WORDS * 4));
    assert(room >= 1, "the keep openFiles has room for an entry");
    this.#words = new Uint32Array(keep.buffer, keep.byteOffset, keep.byteLength >> 2);
    this.#entryCount = Math.min(room, OPEN_FILES_MAX);
    this.isInherited = this.#words[HEADER.magic] === KEEP_MAGIC;
    if (this.isInherited) this.#inherit(inodeCount);
  }

  /** Entries that are open. */
  get openCount(): number {
    return this.#openCount;
  }

  /** Declares the keep this boot's: from now on a successor takes over what stands in it. */
  begin(): void {
    this.#words[HEADER.magic] = KEEP_MAGIC;
  }

  /** Throws `ENFILE` if there is no room for another open file. */
  requireRoom(): void {
    if (this.#openCount === this.#entryCount) throw new OsError("ENFILE", "open");
  }

  /** Makes an entry; answers its handle. */
  open(inode: number, flags: number, request: RequestTag): number {
    this.requireRoom();
    let index = (this.#words[HEADER.next] ?? 0) % this.#entryCount;
    while ((this.#word(index, ENTRY.state) & 1) === 1) index = (index + 1) % this.#entryCount;
    let generation = ((this.#word(index, ENTRY.state) >>> 1) + 1) % GENERATION_COUNT;
    if (generation === 0) generation = 1;
    this.#set(index, ENTRY.closed, 0);
    this.#set(index, ENTRY.inode, inode);
    this.#set(index, ENTRY.flags, flags);
    this.#set(index, ENTRY.badge, request.badge);
    this.#set(index, ENTRY.creatorSequence, request.sequence);
    this.#commit(index, (generation << 1) | 1);
    this.#words[HEADER.next] = index + 1;
    this.#count(inode, 1);
    return this.#handle(index);
  }

  /**
   * The index of the entry of a handle.
   *
   * @throws {OsError} `EBADF` if it is stale, or somebody else's.
   */
  index(handle: number, badge: number): number {
    const index = handle & (OPEN_FILES_MAX - 1);
    const isOpen = index < this.#entryCount && (this.#word(index, ENTRY.state) & 1) === 1;
    if (!isOpen || this.#handle(index) !== handle || this.#word(index, ENTRY.badge) !== badge) {
      throw new OsError("EBADF", `handle ${handle}`);
    }
    return index;
  }

  /** The inode of an open entry. */
  inode(index: number): number {
    return this.#word(index, ENTRY.inode);
  }

  /** The open flags of an open entry. */
  flags(index: number): number {
    return this.#word(index, ENTRY.flags);
  }

  /** How often an inode is open. */
  countOf(inode: number): number {
    return this.#counts.get(inode) ?? 0;
  }

  /** Frees an entry on behalf of a request. */
  close(index: number, request: RequestTag): void {
    this.#set(index, ENTRY.closerSequence, request.sequence);
    this.#set(index, ENTRY.closed, 1);
    this.#commit(index, this.#word(index, ENTRY.state) & ~1);
    this.#count(this.#word(index, ENTRY.inode), -1);
  }

  /** Whether this very request closed the handle in an earlier life. */
  wasClosedBy(handle: number, request: RequestTag): boolean {
    const index = handle & (OPEN_FILES_MAX - 1);
    return index < this.#entryCount && (this.#word(index, ENTRY.state) & 1) === 0 &&
      this.#word(index, ENTRY.closed) === 1 && this.#handle(index) === handle &&
      this.#word(index, ENTRY.badge) === request.badge &&
      this.#word(index, ENTRY.closerSequence) === request.sequence;
  }

  /** The handle that this very request made in an earlier life. */
  madeBy(request: RequestTag): number | undefined {
    for (const index of this.#inherited.get(request.sequence) ?? []) {
      const isOpen = (this.#word(index, ENTRY.state) & 1) === 1;
      if (
        isOpen && this.#word(index, ENTRY.badge) === request.badge &&
        this.#word(index, ENTRY.creatorSequence) === request.sequence
      ) return this.#handle(index);
    }
    return undefined;
  }

  /**
   * Remembers a transaction of an incarnation that died, for when its request is given again:
   * perhaps not first, and perhaps not to us.
   */
  remember(tag: CommittedTag): void {
    if (this.resultOf(tag) !== undefined) return;
    const cursor = (this.#words[HEADER.cursor] ?? 0) % RECOVERED_COUNT;
    const at = RECOVERED_WORD + cursor * RECOVERED_WORDS;
    this.#words[at + RECOVERED.commit] = 0;
    this.#words[at + RECOVERED.badge] = tag.badge;
    this.#words[at + RECOVERED.sequence] = tag.sequence;
    this.#words[at + RECOVERED.result] = tag.result;
    this.#words[at + RECOVERED.commit] = 1;
    this.#words[HEADER.cursor] = cursor + 1;
    this.#recoveredCount = Math.min(this.#recoveredCount + 1, RECOVERED_COUNT);
  }

  /** What a request answered whose transaction was committed in an earlier life. Hot path. */
  resultOf(request: RequestTag): number | undefined {
    if (this.#recoveredCount === 0) return undefined;
    for (let record = 0; record < RECOVERED_COUNT; record++) {
      const at = RECOVERED_WORD + record * RECOVERED_WORDS;
      if (
        this.#words[at + RECOVERED.sequence] === request.sequence &&
        this.#words[at + RECOVERED.badge] === request.badge &&
        this.#words[at + RECOVERED.commit] === 1
      ) return (this.#words[at + RECOVERED.result] ?? 0) | 0;
    }
    return undefined;
  }

  #inherit(inodeCount: number): void {
    for (let index = 0; index < this.#entryCount; index++) {
      const state = this.#word(index, ENTRY.state);
      if ((state & 1) === 0) continue;
      const inode = this.#word(index, ENTRY.inode);
      if (inode < 1 || inode > inodeCount) {
        this.#commit(index, state & ~1);
        continue;
      }
      this.#count(inode, 1);
      const sequence = this.#word(index, ENTRY.creatorSequence);
      this.#inherited.set(sequence, [...this.#inherited.get(sequence) ?? [], index]);
    }
    for (let record = 0; record < RECOVERED_COUNT; record++) {
      const at = RECOVERED_WORD + record * RECOVERED_WORDS;
      if (this.#words[at + RECOVERED.commit] === 1) this.#recoveredCount++;
    }
  }

  #count(inode: number, delta: number): void {
    const count = this.countOf(inode) + delta;
    this.#openCount += delta;
    if (count > 0) this.#counts.set(inode, count);
    else this.#counts.delete(inode);
  }

  #handle(index: number): number {
    return (((this.#word(index, ENTRY.state) >>> 1) << 10) | index) >>> 0;
  }

  #word(index: number, field: number): number {
    return this.#words[(ENTRIES_OFFSET >> 2) + index * OPEN_ENTRY_WORDS + field] ?? 0;
  }

  #set(index: number, field: number, value: number): void {
    this.#words[(ENTRIES_OFFSET >> 2) + index * OPEN_ENTRY_WORDS + field] = value;
  }

  /** Writes the commit word, after everything else. */
  #commit(index: number, state: number): void {
    Atomics.store(
      this.#words,
      (ENTRIES_OFFSET >> 2) + index * OPEN_ENTRY_WORDS + ENTRY.state,
      state,
    );
  }
}
