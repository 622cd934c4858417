/**
 * The end of a mount in order, while it is served: Linux sends what it has not written yet.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import { abort, type Libc, startUnmount } from "./device/mod.ts";

/** So long programs may go on with files that they have open. */
const PATIENCE_MS = 10_000;

/** What is to end. */
export interface Ending {
  readonly libc: Libc;
  readonly directory: string;
  readonly connection: number;
  /** Whether Linux has ended it. */
  isOver(): boolean;
  /** Lets the mount be served for a moment. */
  turn(): Promise<void>;
  nowMs(): number;
}

/**
 * Unmounts: at once if nobody has anything open, else out of sight, and in the end by force. Resolves
 * when no request can come any more.
 */
export async function unmountInOrder(ending: Ending): Promise<void> {
  const { libc, connection } = ending;
  if (!await unmounted(ending, false)) await unmounted(ending, true);
  const untilMs = ending.nowMs() + PATIENCE_MS;
  while (!ending.isOver() && ending.nowMs() < untilMs) await ending.turn();
  if (!ending.isOver()) endByForce(libc, connection);
  while (!ending.isOver() && ending.nowMs() < untilMs + PATIENCE_MS) await ending.turn();
}

function endByForce(libc: Libc, connection: number): void {
  try {
    if (connection !== 0) abort(libc, connection);
  } catch (error) {
    if (!(error instanceof OsError)) throw error; // The end of the process ends it as well.
  }
}

/** Answers whether Linux has taken it out of the directory tree. */
async function unmounted(ending: Ending, lazy: boolean): Promise<boolean> {
  try {
    const unmounting = startUnmount(ending.libc, { directory: ending.directory, lazy });
    while (!unmounting.poll()) await ending.turn();
    return true;
  } catch (error) {
    if (error instanceof OsError) return false; // Busy, or gone already.
    throw error;
  }
}
