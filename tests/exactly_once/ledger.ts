/**
 * Which totals clients were answered: shared by all of them, so that no total goes to two.
 *
 * If every increment is of 1, and done once, the answers to a round of `increments` are the numbers
 * from 1 to `increments`, each of them once. So the ledger finds an increment that was lost, one that
 * was done twice, and an answer that went to somebody else.
 *
 * @module
 */

const STOP = 0;
const COUNT = 1;
const FIRST_WORD = 2;

/** The answers of one round. */
export class Ledger {
  /** Goes to the clients among their options. */
  readonly buffer: SharedArrayBuffer;
  /** How many increments the round has. */
  readonly increments: number;
  readonly #words: Int32Array;

  /** A new ledger, or the other end of one. */
  constructor(increments: number, buffer?: SharedArrayBuffer) {
    this.increments = increments;
    this.buffer = buffer ?? new SharedArrayBuffer(4 * (FIRST_WORD + (increments >> 5) + 1));
    this.#words = new Int32Array(this.buffer);
  }

  /** Whether the clients are to leave off. */
  get isStopped(): boolean {
    return Atomics.load(this.#words, STOP) !== 0;
  }

  /** Has all clients leave off. */
  stop(): void {
    Atomics.store(this.#words, STOP, 1);
  }

  /** How many answers there have been. */
  get count(): number {
    return Atomics.load(this.#words, COUNT);
  }

  /** @throws {Error} If the total was answered before, or is none that there can be. */
  enter(total: number): void {
    if (!(total >= 1 && total <= this.increments)) {
      throw new Error(`the total is ${total} after at most ${this.increments} increments`);
    }
    const bit = 1 << (total & 31);
    const before = Atomics.or(this.#words, FIRST_WORD + (total >> 5), bit);
    if ((before & bit) !== 0) throw new Error(`two increments were answered ${total}`);
    Atomics.add(this.#words, COUNT, 1);
  }
}
