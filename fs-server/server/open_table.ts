/**
 * The open files, and the tags of transactions that a dead incarnation committed: see
 * `layouts/open_keep.ts`.
 *
 * A handle is an entry's index with its generation above. Entries are reused in turn, so that a
 * closed one keeps telling who closed it for as long as possible.
 *
 * @module
 */

import { assert, OsError } from "@hako/ipc";
import type { CommittedTag, RequestTag } from "../disk/disk.ts";
import type { Caller } from "./caller.ts";
import {
  HEADER,
  isOfThisBoot,
  KEEP_MAGIC,
  OPEN_ENTRY as ENTRY,
  OPEN_ENTRY_WORDS,
  RECOVERED,
  RECOVERED_COUNT,
  RECOVERED_WORD,
  RECOVERED_WORDS,
  type Regions,
} from "./layouts/open_keep.ts";
import { OPEN } from "../protocol.ts";

/** The table of open files, in a keep. */
export class OpenTable {
  readonly #head: Uint32Array;
  readonly #words: Uint32Array;
  readonly #entryCount: number;
  /** Bits of a handle that are an index; the others are a generation, never 0. */
  readonly #indexBits: number;
  /** By inode: how many entries are open. */
  readonly #counts = new Map<number, number>();
  /** By client and inode: how many entries may write. */
  readonly #writers = new Map<number, number>();
  /** Whether an incarnation of this boot was here before. */
  readonly isInherited: boolean;
  /** By their creator's sequence: entries that an earlier life made. */
  readonly #inherited = new Map<number, number[]>();
  #openCount = 0;
  #recoveredCount = 0;

  /**
   * Takes over what stands in the keep.
   *
   * @param regions Zeroed before the first incarnation; with room for an entry.
   * @param inodeCount Inodes of the file system: an entry of any other is dropped.
   */
  constructor(regions: Regions, inodeCount: number) {
    const { head, entries } = regions;
    assert(entries.count >= 1, "the keep openFiles has room for an entry");
    this.#head = head;
    this.#words = entries.words;
    this.#entryCount = entries.count;
    this.#indexBits = 32 - Math.clz32(entries.count - 1);
    this.isInherited = isOfThisBoot(regions);
    if (this.isInherited) this.#inherit(inodeCount);
  }

  /** Entries that are open. */
  get openCount(): number {
    return this.#openCount;
  }

  /** Declares the keep this boot's: from now on a successor takes over what stands in it. */
  begin(): void {
    this.#head[HEADER.magic] = KEEP_MAGIC;
  }

  /** Throws `ENFILE` if there is no room for another open file. */
  requireRoom(): void {
    if (this.#openCount === this.#entryCount) throw new OsError("ENFILE", "open");
  }

  /** Makes an entry for an inode; answers its handle. `as` names the credential that opens it. */
  open(inode: number, flags: number, as: number, caller: Caller): number {
    this.requireRoom();
    let index = (this.#head[HEADER.next] ?? 0) % this.#entryCount;
    while ((this.#word(index, ENTRY.state) & 1) === 1) index = (index + 1) % this.#entryCount;
    const generationCount = 2 ** (32 - this.#indexBits);
    let generation = ((this.#word(index, ENTRY.state) >>> 1) + 1) % generationCount;
    if (generation === 0) generation = 1;
    this.#set(index, ENTRY.closed, 0);
    this.#set(index, ENTRY.inode, inode);
    this.#set(index, ENTRY.flags, flags);
    this.#set(index, ENTRY.client, caller.client);
    this.#set(index, ENTRY.creatorSequence, caller.sequence);
    this.#set(index, ENTRY.credential, as);
    this.#commit(index, (generation << 1) | 1);
    this.#head[HEADER.next] = index + 1;
    this.#count(index, 1);
    return this.#handle(index);
  }

  /**
   * The index of the entry of a handle.
   *
   * @throws {OsError} `EBADF` if it is stale, or somebody else's.
   */
  index(handle: number, client: number): number {
    const index = this.#indexOf(handle);
    const isOpen = index < this.#entryCount && (this.#word(index, ENTRY.state) & 1) === 1;
    if (!isOpen || this.#handle(index) !== handle || this.#word(index, ENTRY.client) !== client) {
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

  /** The number of the credential that an open entry was opened with. */
  credential(index: number): number {
    return this.#word(index, ENTRY.credential);
  }

  /** The handles and inodes of entries whose client is not among these. */
  ofOthersThan(clients: ReadonlySet<number>): { handle: number; index: number; client: number }[] {
    const found = [];
    for (let index = 0; index < this.#entryCount; index++) {
      if ((this.#word(index, ENTRY.state) & 1) === 0) continue;
      const client = this.#word(index, ENTRY.client);
      if (!clients.has(client)) found.push({ handle: this.#handle(index), index, client });
    }
    return found;
  }

  /** Whether a client has anything open. */
  hasAny(client: number): boolean {
    for (let index = 0; index < this.#entryCount; index++) {
      const isOpen = (this.#word(index, ENTRY.state) & 1) === 1;
      if (isOpen && this.#word(index, ENTRY.client) === client) return true;
    }
    return false;
  }

  /** How often an inode is open. */
  countOf(inode: number): number {
    return this.#counts.get(inode) ?? 0;
  }

  /** Whether a client has an inode open for writing. */
  hasWriter(inode: number, client: number): boolean {
    return this.#writers.has(writerKey(inode, client));
  }

  /** Frees an entry on behalf of a request. */
  close(index: number, sequence: number): void {
    this.#set(index, ENTRY.closerSequence, sequence);
    this.#set(index, ENTRY.closed, 1);
    this.#commit(index, this.#word(index, ENTRY.state) & ~1);
    this.#count(index, -1);
  }

  /** Whether this very request closed the handle in an earlier life. */
  wasClosedBy(handle: number, caller: Caller): boolean {
    const index = this.#indexOf(handle);
    return index < this.#entryCount && (this.#word(index, ENTRY.state) & 1) === 0 &&
      this.#word(index, ENTRY.closed) === 1 && this.#handle(index) === handle &&
      this.#word(index, ENTRY.client) === caller.client &&
      this.#word(index, ENTRY.closerSequence) === caller.sequence;
  }

  /** The handle that this very request made in an earlier life. */
  madeBy(caller: Caller): number | undefined {
    for (const index of this.#inherited.get(caller.sequence) ?? []) {
      const isOpen = (this.#word(index, ENTRY.state) & 1) === 1;
      if (
        isOpen && this.#word(index, ENTRY.client) === caller.client &&
        this.#word(index, ENTRY.creatorSequence) === caller.sequence
      ) return this.#handle(index);
    }
    return undefined;
  }

  /**
   * Remembers a transaction of an incarnation that died, for when its request is given again:
   * perhaps not first, and perhaps not to us. Of each client the last one counts: it has heard of
   * those before. They are told in the order in which they were committed.
   */
  remember(tag: CommittedTag): void {
    if (this.resultOf(tag) !== undefined) return;
    let record = this.#recordOf(tag.badge);
    if (record < 0) {
      const cursor = this.#head[HEADER.cursor] ?? 0;
      this.#head[HEADER.cursor] = cursor + 1;
      record = cursor % RECOVERED_COUNT;
      this.#recoveredCount = Math.min(this.#recoveredCount + 1, RECOVERED_COUNT);
    }
    const at = RECOVERED_WORD + record * RECOVERED_WORDS;
    this.#head[at + RECOVERED.commit] = 0;
    this.#head[at + RECOVERED.badge] = tag.badge;
    this.#head[at + RECOVERED.sequence] = tag.sequence;
    this.#head[at + RECOVERED.result] = tag.result;
    this.#head[at + RECOVERED.commit] = 1;
  }

  /** What a request answered whose transaction was committed in an earlier life. Hot path. */
  resultOf(request: RequestTag): number | undefined {
    if (this.#recoveredCount === 0) return undefined;
    for (let record = 0; record < RECOVERED_COUNT; record++) {
      const at = RECOVERED_WORD + record * RECOVERED_WORDS;
      if (
        this.#head[at + RECOVERED.sequence] === request.sequence &&
        this.#head[at + RECOVERED.badge] === request.badge &&
        this.#head[at + RECOVERED.commit] === 1
      ) return (this.#head[at + RECOVERED.result] ?? 0) | 0;
    }
    return undefined;
  }

  /** The record of what a client's request has done, or -1. */
  #recordOf(badge: number): number {
    for (let record = 0; record < RECOVERED_COUNT; record++) {
      const at = RECOVERED_WORD + record * RECOVERED_WORDS;
      const isThere = this.#head[at + RECOVERED.commit] === 1;
      if (isThere && this.#head[at + RECOVERED.badge] === badge) return record;
    }
    return -1;
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
      this.#count(index, 1);
      const sequence = this.#word(index, ENTRY.creatorSequence);
      this.#inherited.set(sequence, [...this.#inherited.get(sequence) ?? [], index]);
    }
    for (let record = 0; record < RECOVERED_COUNT; record++) {
      const at = RECOVERED_WORD + record * RECOVERED_WORDS;
      if (this.#head[at + RECOVERED.commit] === 1) this.#recoveredCount++;
    }
  }

  #count(index: number, delta: number): void {
    const inode = this.#word(index, ENTRY.inode);
    this.#openCount += delta;
    add(this.#counts, inode, delta);
    if ((this.#word(index, ENTRY.flags) & OPEN.accessMask) === OPEN.readOnly) return;
    add(this.#writers, writerKey(inode, this.#word(index, ENTRY.client)), delta);
  }

  #indexOf(handle: number): number {
    return handle & ((1 << this.#indexBits) - 1);
  }

  #handle(index: number): number {
    return (((this.#word(index, ENTRY.state) >>> 1) << this.#indexBits) | index) >>> 0;
  }

  #word(index: number, field: number): number {
    return this.#words[index * OPEN_ENTRY_WORDS + field] ?? 0;
  }

  #set(index: number, field: number, value: number): void {
    this.#words[index * OPEN_ENTRY_WORDS + field] = value;
  }

  /** Writes the commit word, after everything else. */
  #commit(index: number, state: number): void {
    Atomics.store(this.#words, index * OPEN_ENTRY_WORDS + ENTRY.state, state);
  }
}

function writerKey(inode: number, client: number): number {
  return client * 2 ** 32 + inode;
}

function add(counts: Map<number, number>, key: number, delta: number): void {
  const count = (counts.get(key) ?? 0) + delta;
  if (count > 0) counts.set(key, count);
  else counts.delete(key);
}
