/**
 * What is counted of a domain's calls.
 *
 * @module
 */

/** What was counted of a domain's calls while it was observed. */
export interface ObservedCalls {
  /** Requests answered. */
  readonly calls: number;
  /** Those of them that were answered with an errno. */
  readonly errors: number;
  /** Half of them took at most this long, from taking to answering; 0 if there were none. */
  readonly p50Us: number;
  /** Nine in ten took at most this long. */
  readonly p90Us: number;
  /** All but one in a hundred took at most this long. */
  readonly p99Us: number;
}
