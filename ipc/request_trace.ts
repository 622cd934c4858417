/**
 * What a server says of its requests while it serves: which one is in its handler, how many it has
 * answered, and - while somebody looks - how long each took.
 *
 * @module
 */

/**
 * The words of a server's progress. Written by the server with plain stores; read by whoever sees to
 * its death, when it is over, and meanwhile as hints.
 */
export const PROGRESS = {
  /** The channel's index at the doorbell, plus 1, of the request in the handler; 0 for none. */
  CHANNEL: 0,
  /** That request's sequence. */
  SEQUENCE: 1,
  /** Its operation's code. */
  CODE: 2,
  /** Requests answered. Wraps. */
  ANSWERED: 3,
} as const;

/** Words of a server's progress. */
export const PROGRESS_WORDS = 4;

/** Hears of each request that is answered while somebody looks. */
export interface RequestTrace {
  /** The first word is not 0 while somebody looks. Then, and only then, the clock is read. */
  readonly observed: Int32Array;
  /**
   * A request was answered. Hot path while somebody looks.
   *
   * @param startMs When it was taken, by the waiter's clock.
   * @param endMs When its answer was published.
   * @param result A count, or a negative errno.
   */
  answered(
    badge: number,
    code: number,
    sequence: number,
    startMs: number,
    endMs: number,
    result: number,
  ): void;
}
