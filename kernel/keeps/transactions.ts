/**
 * Changes of many words in several memories, all or nothing, whoever dies at whichever store.
 *
 * ```text
 *   even state --entries--> same --commit--> odd state --apply--> same --clear--> even state
 *   (what is in place counts)                (the log counts: whoever finds it applies it again)
 * ```
 *
 * A redo log, as databases keep it (Gray and Reuter, Transaction Processing, chapter 10), in memory:
 * changes are staged in this incarnation's own memory, written to the log with a checksum, committed
 * by one store, applied to their places, and the log is cleared by one store. Applying twice is the
 * same as applying once, so a recovery may die as well.
 *
 * **Who is fenced commits nothing.** `check` is called before and after the committing store. Let a
 * commit have returned. Then its second `check`, call it L, read a fence word that was not set, after
 * the committing store S. Whoever copies sets the fence word (F) before it reads the log's state (R).
 * All four are ordered accesses and so have one total order; L did not see F, so L comes before F,
 * and S before L before F before R: the copy knows the commit. It is enough that `check` reads the
 * fence word by `Atomics.load`. A commit that was fenced between S and L throws: it may be known or
 * not, and its incarnation tells nobody that it is. After F the owner stores at most one state: S, if
 * its first check came before F, or else the clearing one, if its second did; and places change only
 * after L, so never before S as the copier sees it.
 *
 * @module
 */

import { assert, crc32c, OsError } from "@hako/ipc";
import { ENTRY, LOG } from "./layouts.ts";
import { ANSWER_ROOM_WORDS, LOG_BYTES_MIN } from "./limits.ts";
import { isCommitted, isState, logState, nextState } from "./log_state.ts";
import { type Memory, type WordMemory, wordsOf } from "./words.ts";

const STATE = LOG.at.state >> 2;
const COUNT = LOG.at.count >> 2;
const CHECKSUM = LOG.at.checksum >> 2;
const ENTRIES = LOG.byteLength >> 2;
const ENTRY_WORDS = ENTRY.byteLength >> 2;
const REGION = ENTRY.at.region >> 2;
const AT = ENTRY.at.at >> 2;
const ENTRY_COUNT = ENTRY.at.count >> 2;

/** Who may use the room of a log that is left for answers. */
export type Room = "handler" | "answer";

/** One memory whose words change by transactions. Made by {@linkcode Transactions.region}. */
export class Region {
  /** Its number, the same for every incarnation, and never another region's. */
  readonly id: number;
  /** Its words. */
  readonly memory: WordMemory;
  /** Whose changes it takes. */
  readonly transactions: Transactions;
  /** Where the staged run that begins at a word lies. */
  readonly #staged: Map<number, number> = new Map();
  #isClosed = false;

  /** Not to be called but by {@linkcode Transactions.region}. */
  constructor(id: number, memory: WordMemory, transactions: Transactions) {
    this.id = id;
    this.memory = memory;
    this.transactions = transactions;
  }

  /** Bytes of the memory. */
  get byteLength(): number {
    return this.memory.wordCount * 4;
  }

  /** Reads a run of words: as staged if a run was staged that begins where it begins. Hot path. */
  load(at: number, target: Uint32Array, count: number): void {
    if (this.#staged.size > 0) {
      const staged = this.#staged.get(at);
      if (staged !== undefined) return this.transactions.loadStaged(staged, target, count);
    }
    this.memory.load(at, target, 0, count);
  }

  /**
   * Stages a run of words, in place of what was staged of it before. Two runs that overlap begin at
   * one word; others are staged by {@linkcode stageOver}.
   *
   * @throws {OsError} `EFBIG` if the transaction outgrows its log; then nothing of the run is staged.
   */
  stage(at: number, source: Uint32Array, count: number, room: Room = "handler"): void {
    const staged = this.#staged.get(at);
    if (staged !== undefined && this.transactions.restage(staged, source, count)) return;
    this.stageOver(at, source, count, room);
  }

  /** The same for a run that may overlap others: where they do, the one that was staged later counts. */
  stageOver(at: number, source: Uint32Array, count: number, room: Room = "handler"): void {
    assert(at <= this.memory.wordCount && count <= this.memory.wordCount - at, "a run is inside");
    if (this.#isClosed) return;
    this.#staged.set(at, this.transactions.stage(this, at, source, count, room));
  }

  /** Drops what is staged from now on: the memory was removed, or replaced. */
  close(): void {
    this.#isClosed = true;
  }

  /** Forgets what was staged: it is in its place, or was aborted. */
  forget(): void {
    this.#staged.clear();
  }
}

/**
 * The transactions of one domain: one log, any number of memories.
 *
 * @example
 * ```ts
 * import { openKeep, record, Transactions } from "@hako/kernel/keeps";
 * import { u32 } from "@hako/ipc";
 *
 * const log = new SharedArrayBuffer(65_536);
 * const memory = new SharedArrayBuffer(4096);
 * const open = () => {
 *   const transactions = new Transactions(log, () => {}); // Nobody fences us here.
 *   const region = transactions.region(1, memory);
 *   transactions.recover();
 *   return { transactions, keep: openKeep(region, { count: record({ value: u32 }) }) };
 * };
 *
 * const first = open();
 * first.keep.count.put({ value: 7 });
 * first.transactions.commit();
 * first.keep.count.put({ value: 8 }); // It dies before it commits.
 *
 * if (open().keep.count.get().value !== 7) throw new Error("lost, or half done");
 * ```
 */
export class Transactions {
  readonly #log: WordMemory;
  readonly #check: () => void;
  readonly #regions: Map<number, Region> = new Map();
  /** The log as it is going to be. */
  readonly #next: Uint32Array;
  readonly #touched: Region[] = [];
  #end = ENTRIES;
  /** The log's state, which nobody else changes. */
  #state = 0;
  #isOpen = false;
  #aborts = 0;

  /**
   * The transactions of a log.
   *
   * @param log Zeroed before the first incarnation; this incarnation's alone.
   * @param check Throws if this incarnation was fenced; reads the fence word by `Atomics.load`.
   */
  constructor(log: Memory, check: () => void) {
    this.#log = wordsOf(log);
    this.#check = check;
    assert(this.#log.wordCount * 4 >= LOG_BYTES_MIN, "a log has a page at least");
    this.#next = new Uint32Array(this.#log.wordCount);
  }

  /** Whether nothing is staged. */
  get isEmpty(): boolean {
    return this.#end === ENTRIES;
  }

  /** How many have been aborted. */
  get aborts(): number {
    return this.#aborts;
  }

  /** Whether the log has been recovered, and changes may be staged. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /**
   * Adds a memory, in place of the one that had its number before, if there is one. All that a
   * predecessor may have changed are added before {@linkcode recover}.
   *
   * @param id A number that a predecessor did not use for another memory that is in use yet.
   */
  region(id: number, memory: Memory): Region {
    const former = this.#regions.get(id);
    if (former !== undefined) {
      assert(this.isEmpty, "a memory is replaced while nothing is staged");
      former.close();
    }
    const region = new Region(id, wordsOf(memory), this);
    this.#regions.set(id, region);
    return region;
  }

  /** Forgets a memory: what is staged for it, and what is going to be, is dropped. */
  removeRegion(id: number): void {
    const region = this.#regions.get(id);
    assert(region !== undefined, "a region is removed once");
    region.close();
    this.#regions.delete(id);
  }

  /**
   * Finishes what a predecessor committed. Changes of memories that nobody added are dropped: they
   * belonged to what has been closed since.
   *
   * @returns Whether there was anything to finish.
   * @throws {OsError} `EUCLEAN` if the log is damaged: then no place is touched.
   */
  recover(): boolean {
    assert(!this.#isOpen, "a log is recovered once");
    this.#check();
    const state = this.#log.loadInOrder(STATE);
    if (state === 0) this.#begin();
    else if (!isState(state)) throw damaged("its state is none");
    else this.#state = state;
    const finishes = isCommitted(this.#state);
    if (finishes) this.#redo();
    this.#isOpen = true;
    return finishes;
  }

  /**
   * Keeps all that is staged. When this returns, no death and no fence can undo it.
   *
   * @throws What `check` throws, if this incarnation was fenced: nothing is kept, or all of it if a
   * successor finds the log committed. No transaction follows on this one.
   */
  commit(): void {
    if (this.isEmpty) return;
    assert(this.#isOpen, "a log is recovered before anything is committed");
    this.#expectState(); // Also what no word of the new entries comes before.
    const committed = nextState(this.#state);
    this.#writeEntries(committed);
    this.#check();
    this.#log.storeInOrder(STATE, committed);
    this.#state = committed;
    this.#check(); // Also what no change of a place comes before, for whoever copies.
    this.#apply();
    this.#clear();
    this.#forget();
  }

  /** Forgets all that is staged. */
  abort(): void {
    this.#aborts++;
    this.#forget();
  }

  /** For {@linkcode Region}: copies a staged run. */
  loadStaged(staged: number, target: Uint32Array, count: number): void {
    for (let i = 0; i < count; i++) target[i] = this.#next[staged + ENTRY_WORDS + i]!;
  }

  /** For {@linkcode Region}: changes a staged run; answers `false` if its length is another one. */
  restage(staged: number, source: Uint32Array, count: number): boolean {
    if (this.#next[staged + ENTRY_COUNT] !== count) return false;
    for (let i = 0; i < count; i++) this.#next[staged + ENTRY_WORDS + i] = source[i]!;
    return true;
  }

  /** For {@linkcode Region}: stages a run; answers where it lies. */
  stage(region: Region, at: number, source: Uint32Array, count: number, room: Room): number {
    assert(this.#isOpen, "a log is recovered before anything is staged");
    const next = this.#next;
    const staged = this.#end;
    const end = staged + ENTRY_WORDS + count;
    if (end > next.length - (room === "answer" ? 0 : ANSWER_ROOM_WORDS)) {
      const bytes = next.byteLength;
      throw new OsError("EFBIG", `change more in one transaction than its log of ${bytes} B holds`);
    }
    next[staged + REGION] = region.id;
    next[staged + AT] = at;
    next[staged + ENTRY_COUNT] = count;
    for (let i = 0; i < count; i++) next[staged + ENTRY_WORDS + i] = source[i]!;
    this.#end = end;
    if (this.#touched.at(-1) !== region) this.#touched.push(region);
    return staged;
  }

  /** Makes a log of a zeroed memory. Without this store a zeroed state would pass for a fresh one. */
  #begin(): void {
    this.#log.load(0, this.#next, 0, ENTRIES);
    const isFresh = this.#next[COUNT] === 0 && this.#next[CHECKSUM] === 0;
    if (!isFresh) throw damaged("its state was zeroed");
    this.#state = logState(0);
    this.#log.storeInOrder(STATE, this.#state);
  }

  #expectState(): void {
    if (this.#log.loadInOrder(STATE) === this.#state) return;
    this.#check();
    throw damaged("somebody else has changed its state");
  }

  #writeEntries(committed: number): void {
    const next = this.#next;
    const count = this.#end - ENTRIES;
    next[STATE] = committed;
    next[COUNT] = count;
    next[CHECKSUM] = checksumOf(next, count);
    this.#log.store(COUNT, next, COUNT, this.#end - COUNT);
  }

  #apply(): void {
    const next = this.#next;
    for (let entry = ENTRIES; entry < this.#end;) {
      const count = next[entry + ENTRY_COUNT]!;
      const region = this.#regions.get(next[entry + REGION]!);
      region?.memory.store(next[entry + AT]!, next, entry + ENTRY_WORDS, count);
      entry += ENTRY_WORDS + count;
    }
  }

  #clear(): void {
    this.#state = nextState(this.#state);
    this.#log.storeInOrder(STATE, this.#state);
  }

  #forget(): void {
    for (const region of this.#touched) region.forget();
    this.#touched.length = 0;
    this.#end = ENTRIES;
  }

  #redo(): void {
    const next = this.#next;
    this.#log.load(0, next, 0, next.length);
    next[STATE] = this.#state;
    const count = next[COUNT]!;
    if (count > next.length - ENTRIES) throw damaged("it is longer than its memory");
    if (checksumOf(next, count) !== next[CHECKSUM]) throw damaged("its checksum does not match");
    this.#end = ENTRIES + count;
    this.#validateEntries();
    this.#apply();
    this.#clear();
    this.#end = ENTRIES;
  }

  /** A checksum is no proof against malice: each run lies in its memory, or nothing is touched. */
  #validateEntries(): void {
    const next = this.#next;
    for (let entry = ENTRIES; entry < this.#end;) {
      const left = this.#end - entry - ENTRY_WORDS;
      if (left < 0 || next[entry + ENTRY_COUNT]! > left) throw damaged("an entry leaves it");
      const at = next[entry + AT]!;
      const count = next[entry + ENTRY_COUNT]!;
      const words = this.#regions.get(next[entry + REGION]!)?.memory.wordCount;
      if (words !== undefined && (at > words || count > words - at)) {
        throw damaged(`an entry leaves region ${next[entry + REGION]}`);
      }
      entry += ENTRY_WORDS + count;
    }
  }
}

/** Of the committed state, the number of words, and the words. */
function checksumOf(log: Uint32Array, count: number): number {
  return crc32c(log, ENTRIES, count, crc32c(log, STATE, 2, 0));
}

function damaged(how: string): OsError {
  return new OsError("EUCLEAN", `read a redo log: ${how}`);
}
