/**
 * What the clients of a round have in common: they work until it is over, and tell of the first thing
 * that was not as it should be.
 *
 * @module
 */

import type { Board, Subject } from "./board.ts";

/** What a client finishes with. */
export interface WorkResult {
  /** Operations done. */
  readonly operations: number;
  /** The longest synchronous operation. */
  readonly longestMs: number;
  /** What was wrong; empty if nothing was. */
  readonly failure: string;
}

/** How long a client leaves the cores to others after each step: workers must be started too. */
const DOZE_MS = 1;

/** The work of one client. */
export class ClientWork {
  readonly #board: Board;
  readonly #subject: Subject;
  #operations = 0;
  #longestMs = 0;
  #failure = "";

  /**
   * @param board Says when it is over.
   * @param subject What it works on.
   */
  constructor(board: Board, subject: Subject) {
    this.#board = board;
    this.#subject = subject;
  }

  /** Repeats a step, which answers how many operations it was, until the round is over or it fails. */
  async untilOver(step: () => number | Promise<number>): Promise<void> {
    while (!this.#board.isOver) {
      const operations = await this.attempt(step) ?? 0;
      this.#operations += operations;
      this.#board.count(this.#subject, operations);
      this.#board.doze(DOZE_MS);
    }
  }

  /** Does one thing; the first failure of all is told, and ends the round. */
  async attempt<T>(step: () => T | Promise<T>): Promise<T | undefined> {
    try {
      return await step();
    } catch (error) {
      const told = error instanceof Error ? error.stack ?? error.message : String(error);
      this.#failure ||= told;
      this.#board.end();
      return undefined;
    }
  }

  /** Makes one call and notes how long it took. */
  timed<T>(call: () => T): T {
    const startMs = performance.now();
    const value = call();
    this.#longestMs = Math.max(this.#longestMs, performance.now() - startMs);
    return value;
  }

  /** What to finish with. */
  get result(): WorkResult {
    const [operations, longestMs, failure] = [this.#operations, this.#longestMs, this.#failure];
    return { operations, longestMs, failure };
  }
}
