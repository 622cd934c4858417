/**
 * Waiting for some time.
 *
 * @module
 */

import { setTimeout } from "node:timers/promises";

/** How {@linkcode delay} waits. */
export interface DelayOptions {
  /** Ends the wait early: the promise rejects with the signal's reason. */
  signal?: AbortSignal;
  /** Whether the wait keeps the process alive. True when left out. */
  persistent?: boolean;
}

/** Resolves after `ms` milliseconds, or rejects with the signal's reason when it is aborted. */
export async function delay(ms: number, options: DelayOptions = {}): Promise<void> {
  const { signal, persistent = true } = options;
  signal?.throwIfAborted();
  try {
    await setTimeout(ms, undefined, { ref: persistent, ...(signal && { signal }) });
  } catch (error) {
    // Node wraps the reason in an AbortError of its own; the real package rejects with the reason.
    signal?.throwIfAborted();
    throw error;
  }
}
