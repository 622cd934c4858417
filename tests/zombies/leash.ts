/**
 * What a test and its zombie say to each other, in memory that no kernel knows of: by it the test
 * sees that the zombie is at work, and ends it, so that no test leaves a busy core behind.
 *
 * @module
 */

const STOP = 0;
const TURNED = 1;
const ROUNDS = 2;
const SUCCESSOR = 3;
const WAKE = 4;

/** How often whoever waits here looks again, in milliseconds. */
const LOOK_MS = 5;

/** How long a test waits for a zombie to do something. */
const PATIENCE_MS = 20_000;

/** The leash of one zombie. */
export class Leash {
  /** Goes to the domain among its options. */
  readonly buffer: SharedArrayBuffer;
  readonly #words: Int32Array;

  /** A new leash, or the other end of one. */
  constructor(buffer: SharedArrayBuffer = new SharedArrayBuffer(64)) {
    this.buffer = buffer;
    this.#words = new Int32Array(buffer);
  }

  /** How often the zombie has been over everything that it holds. */
  get rounds(): number {
    return Atomics.load(this.#words, ROUNDS);
  }

  /** Whether the test is over. */
  get isStopped(): boolean {
    return Atomics.load(this.#words, STOP) !== 0;
  }

  /** Whether a successor has begun its life: from then on nobody wants what the zombie holds. */
  get hasSuccessor(): boolean {
    return Atomics.load(this.#words, SUCCESSOR) !== 0;
  }

  /** Domain: whether a life before this one has turned. */
  get hasTurned(): boolean {
    return Atomics.load(this.#words, TURNED) !== 0;
  }

  /** Domain: it has turned into a zombie. */
  turn(): void {
    this.#raise(TURNED);
  }

  /** Domain: the successor says that it lives. */
  succeed(): void {
    this.#raise(SUCCESSOR);
  }

  /** Domain: the zombie has been over everything once more. */
  count(): void {
    this.#raise(ROUNDS);
  }

  /** Domain: blocks for good, until the test wakes it or is over. */
  block(): void {
    Atomics.wait(this.#words, WAKE, 0);
  }

  /** Test: wakes who is blocked. */
  wake(): void {
    this.#raise(WAKE);
  }

  /** Test: ends the zombie. */
  stop(): void {
    Atomics.store(this.#words, STOP, 1);
    this.wake();
  }

  /** Test: waits until the domain has turned. */
  async turned(): Promise<void> {
    await this.#atLeast(TURNED, 1, "the domain did not turn");
  }

  /** Test: waits until the zombie has been over everything so often. */
  async reached(rounds: number): Promise<void> {
    await this.#atLeast(ROUNDS, rounds, "the zombie does nothing");
  }

  #raise(index: number): void {
    Atomics.add(this.#words, index, 1);
    Atomics.notify(this.#words, index);
  }

  async #atLeast(index: number, wanted: number, otherwise: string): Promise<void> {
    const endMs = performance.now() + PATIENCE_MS;
    for (;;) {
      const now = Atomics.load(this.#words, index);
      if (now >= wanted) return;
      if (performance.now() > endMs) throw new Error(otherwise);
      const { value } = Atomics.waitAsync(this.#words, index, now, LOOK_MS);
      await value;
    }
  }

  /** Ends the zombie with the test. */
  [Symbol.dispose](): void {
    this.stop();
  }
}
