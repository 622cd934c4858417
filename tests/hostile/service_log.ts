/**
 * In which order a server served, and what it saw of one polite client meanwhile: in shared memory,
 * without a clock.
 *
 * The polite client has one request at a time. It says so in a word, once the request has been posted
 * and the server rung; the server reads that word at the beginning of each request and writes down what
 * it read. Whatever it served after a request in which it read "posted" was taken after the posting:
 * this is what fairness bounds. That request itself may have been taken before, and does not count.
 *
 * ```text
 *   polite        post, ring, say 7 ..................... answered
 *   server   a     a     a           a    b    b    polite
 *   read     6     6     6           7    7    7    7
 *   counts                           -    1    2    = 2 others
 * ```
 *
 * @module
 */

/** Words of the log's head, then one word for each request served. */
const SERVED = 0;
const POSTED = 16; // In a cache line of its own.
const OVER = 32;
const RECORDS = 48;

/** What serving one request takes, in looks at a word. */
const LOOKS = 2_000;

/** A record is `posted(24) | badge(8)`. */
const BADGE_BITS = 8;
const BADGE_MASK = (1 << BADGE_BITS) - 1;

/** The log of one server. The server alone writes records. */
export class ServiceLog {
  /** The memory, to be posted to all who take part. */
  readonly buffer: SharedArrayBuffer;
  readonly #words: Int32Array;

  /** @param buffer What {@linkcode ServiceLog.create} made, as another worker posted it. */
  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    this.#words = new Int32Array(buffer);
  }

  /** A log with room for so many requests. */
  static create(capacity: number): ServiceLog {
    return new ServiceLog(new SharedArrayBuffer(4 * (RECORDS + capacity)));
  }

  /** Polite client: its request with this number, from 1, is posted, and the server rung. */
  sayPosted(number: number): void {
    Atomics.store(this.#words, POSTED, number);
  }

  /**
   * Server: serves a request of the client with this badge. What does not fit is not written. It takes
   * microseconds, so that others wait.
   */
  serve(badge: number): void {
    const posted = Atomics.load(this.#words, POSTED);
    for (let look = 0; look < LOOKS; look++) Atomics.load(this.#words, OVER);
    const at = RECORDS + this.#words[SERVED]!;
    if (at === this.#words.length) return;
    this.#words[at] = (posted << BADGE_BITS) | badge;
    Atomics.store(this.#words, SERVED, at - RECORDS + 1);
  }

  /** How many requests were served. */
  get served(): number {
    return Atomics.load(this.#words, SERVED);
  }

  /** Whether there is no room left. */
  get isFull(): boolean {
    return RECORDS + this.served === this.#words.length;
  }

  /** Whether the server, after its first `from` requests, saw this one of a polite client waiting. */
  sawWaiting(polite: number, number: number, from: number): boolean {
    for (const record of this.#words.subarray(RECORDS + from, RECORDS + this.served)) {
      if ((record & BADGE_MASK) === polite) return false;
      if (record >>> BADGE_BITS === number) return true;
    }
    return false;
  }

  /** Tells the greedy that it is over. */
  end(): void {
    Atomics.store(this.#words, OVER, 1);
  }

  /** Whether it is over. */
  get isOver(): boolean {
    return Atomics.load(this.#words, OVER) === 1;
  }

  /**
   * How many requests of others were served while a polite one waited: for each polite one that the
   * server saw waiting.
   */
  waitsOf(polite: number): number[] {
    const records = this.#words.subarray(RECORDS, RECORDS + this.served);
    const waits: number[] = [];
    let politeServed = 0;
    let others: number | undefined; // Since the server saw the polite request; undefined before.
    for (const record of records) {
      if ((record & BADGE_MASK) === polite) {
        if (others !== undefined) waits.push(others);
        others = undefined;
        politeServed++;
      } else if (others !== undefined) others++;
      else if (record >>> BADGE_BITS > politeServed) others = 0;
    }
    return waits;
  }
}
