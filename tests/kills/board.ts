/**
 * What the clients of a round and the program that kills their servers say to each other, in memory
 * that no kernel knows of: how much has been done, and when it is over.
 *
 * @module
 */

const STOP = 0;
const CHANGES = 1;
const DONE = 2;

/** What clients work on. */
export const SUBJECTS = ["tally", "files"] as const;

/** One of {@linkcode SUBJECTS}. */
export type Subject = typeof SUBJECTS[number];

/** The words that everybody in a round sees. */
export class Board {
  /** Goes to the clients among their options. */
  readonly buffer: SharedArrayBuffer;
  readonly #words: Int32Array;

  /** A new board, or the other end of one. */
  constructor(buffer: SharedArrayBuffer = new SharedArrayBuffer(64)) {
    this.buffer = buffer;
    this.#words = new Int32Array(buffer);
  }

  /** Whether the round is over. */
  get isOver(): boolean {
    return Atomics.load(this.#words, STOP) !== 0;
  }

  /** Ends the work of all clients. */
  end(): void {
    Atomics.store(this.#words, STOP, 1);
    this.change();
  }

  /** Client: so many operations more are done. Wakes nobody: whoever counts them looks by itself. */
  count(subject: Subject, operations: number): void {
    Atomics.add(this.#words, DONE + SUBJECTS.indexOf(subject), operations);
  }

  /** Operations done so far. */
  done(subject: Subject): number {
    return Atomics.load(this.#words, DONE + SUBJECTS.indexOf(subject));
  }

  /** Wakes whoever waits for a change. */
  change(): void {
    Atomics.add(this.#words, CHANGES, 1);
    Atomics.notify(this.#words, CHANGES);
  }

  /** What to give {@linkcode Board.changed}, taken before one looks at anything else. */
  get version(): number {
    return Atomics.load(this.#words, CHANGES);
  }

  /** Resolves when something has changed since `version`, or after a time. */
  async changed(version: number, timeoutMs: number): Promise<void> {
    await Atomics.waitAsync(this.#words, CHANGES, version, timeoutMs).value;
  }

  /** Client: leaves the cores to others for a moment. */
  doze(timeoutMs: number): void {
    if (!this.isOver) Atomics.wait(this.#words, STOP, 0, timeoutMs);
  }
}
