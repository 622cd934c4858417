/**
 * What the workers of the chaos test write down: a word for each value, shared by all.
 *
 * @module
 */

/** What is posted to a worker. */
export interface LedgerHandle {
  /** The memory. */
  readonly memory: SharedArrayBuffer;
  /** How many values there are. */
  readonly count: number;
}

const HEAD_WORDS = 4;
const NEXT = 0;
const STOP = 1;
const ABANDONED = 2;
const STATES = { pushed: 0, completing: 1, completed: 2 } as const;

/** The ledger. Each value is pushed at most once, by whoever drew it. */
export class Ledger {
  /** How many values there are. */
  readonly count: number;
  readonly #words: Int32Array;

  /** Opens a ledger. */
  constructor({ memory, count }: LedgerHandle) {
    this.count = count;
    this.#words = new Int32Array(memory);
  }

  /** A new ledger. */
  static create(count: number): LedgerHandle {
    return { memory: new SharedArrayBuffer((HEAD_WORDS + 3 * count) * 4), count };
  }

  /** The next value to push; `count` or more when there are no more. */
  draw(): number {
    return Atomics.add(this.#words, NEXT, 1);
  }

  /** How many values were drawn. */
  get drawn(): number {
    return Math.min(this.count, Atomics.load(this.#words, NEXT));
  }

  /** Whether all are to end. */
  get isOver(): boolean {
    return Atomics.load(this.#words, STOP) !== 0;
  }

  /** Tells all to end. */
  end(): void {
    Atomics.store(this.#words, STOP, 1);
  }

  /** Counts an operation that was left in the middle. */
  abandon(): void {
    Atomics.add(this.#words, ABANDONED, 1);
  }

  /** How many operations were left in the middle. */
  get abandoned(): number {
    return Atomics.load(this.#words, ABANDONED);
  }

  /** Notes a state of a value. */
  note(value: number, state: keyof typeof STATES): void {
    Atomics.add(this.#words, HEAD_WORDS + STATES[state] * this.count + value, 1);
  }

  /** How often a state of a value was noted. */
  noted(value: number, state: keyof typeof STATES): number {
    return Atomics.load(this.#words, HEAD_WORDS + STATES[state] * this.count + value);
  }
}
