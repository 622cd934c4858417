/**
 * What a worker sees of whoever started it.
 *
 * @module
 */

/** Sends it messages and takes its own. */
export const starter = globalThis as unknown as {
  /** Sends it a message. */
  postMessage(message: unknown): void;
  /** Takes its messages. */
  onmessage: ((event: MessageEvent) => void) | null;
};
