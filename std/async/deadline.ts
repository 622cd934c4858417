/**
 * A limit on how long a promise may take.
 *
 * @module
 */

/** How {@linkcode deadline} waits. */
export interface DeadlineOptions {
  /** Ends the wait early: the promise rejects with the signal's reason. */
  signal?: AbortSignal;
}

/** What `promise` settles to; rejects with a `TimeoutError` (a `DOMException`) after `ms` milliseconds. */
export async function deadline<T>(
  promise: Promise<T>,
  ms: number,
  options: DeadlineOptions = {},
): Promise<T> {
  const { signal } = options;
  signal?.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal?.reason);
  signal?.addEventListener("abort", abort, { once: true });
  const timer = setTimeout(
    () => reject(new DOMException("Signal timed out.", "TimeoutError")),
    Math.min(ms, 2 ** 31 - 1), // The longest that a timer can wait.
  );
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}
