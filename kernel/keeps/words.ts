/**
 * Shared memory as the keeps use it: runs of words, and single words in a total order.
 *
 * In front of an interface, so that a test can stop before each store and run on from there. At run
 * time there is one implementation only, whose calls the engine inlines.
 *
 * @module
 */

/** Words in a memory that several incarnations see. */
export interface WordMemory {
  /** How many. */
  readonly wordCount: number;
  /** Copies words out, in any order. */
  load(at: number, target: Uint32Array, targetAt: number, count: number): void;
  /** Copies words in, in any order. */
  store(at: number, source: Uint32Array, sourceAt: number, count: number): void;
  /** Reads one word; nothing that stands after it happens before it. */
  loadInOrder(at: number): number;
  /** Writes one word; nothing that stands before it happens after it. */
  storeInOrder(at: number, value: number): void;
  /** Reads one word; nothing that stands before or after it is moved across it. */
  loadFenced(at: number): number;
}

/** What memory a caller may give: tests give their own. */
export type Memory = SharedArrayBuffer | WordMemory;

/** Runs up to this many words are copied one by one: a view would cost more. */
const SHORT_RUN = 32;

/** The memory that is used outside of tests. */
export class SharedWords implements WordMemory {
  readonly wordCount: number;
  readonly #words: Uint32Array;

  /** The words of a buffer; what is left of less than one word at its end is not used. */
  constructor(buffer: SharedArrayBuffer) {
    this.#words = new Uint32Array(buffer, 0, buffer.byteLength >> 2);
    this.wordCount = this.#words.length;
  }

  load(at: number, target: Uint32Array, targetAt: number, count: number): void {
    const words = this.#words;
    if (count > SHORT_RUN) target.set(words.subarray(at, at + count), targetAt);
    else for (let i = 0; i < count; i++) target[targetAt + i] = words[at + i]!;
  }

  store(at: number, source: Uint32Array, sourceAt: number, count: number): void {
    const words = this.#words;
    if (count > SHORT_RUN) words.set(source.subarray(sourceAt, sourceAt + count), at);
    else for (let i = 0; i < count; i++) words[at + i] = source[sourceAt + i]!;
  }

  loadInOrder(at: number): number {
    return Atomics.load(this.#words, at);
  }

  storeInOrder(at: number, value: number): void {
    Atomics.store(this.#words, at, value);
  }

  loadFenced(at: number): number {
    // A load lets earlier loads sink below it on some machines; an exchange does not.
    return Atomics.or(this.#words, at, 0);
  }
}

/** The words of a memory. */
export function wordsOf(memory: Memory): WordMemory {
  return memory instanceof SharedArrayBuffer ? new SharedWords(memory) : memory;
}
