/**
 * Waiting for an item on the event count of a queue.
 *
 * Who sleeps announces it first, looks once more, and then waits; who queues an item looks for an
 * announcement afterwards. Everybody is notified, so a zombie steals no wake-up, and each sleep is
 * bounded, so a wake-up that died with its producer costs 50 ms.
 *
 * @module
 */

import { waitInEventLoop } from "../clock.ts";
import { SLEEP_MS_MAX } from "../limits.ts";
import { QUEUE } from "./layouts.ts";
import type { QueueCore } from "./queue_core.ts";

/** How long to wait, by which clock, and whom to obey meanwhile. */
export interface Patience {
  /** The longest wait. */
  readonly timeoutMs: number;
  /** The clock that all workers of the queue share. */
  readonly nowMs: () => number;
  /** Throws if this incarnation was fenced. Called before and after each sleep. */
  readonly check?: () => void;
}

const BELL = QUEUE.at.bell >> 2;

/** What `look` finds, or `undefined` when time is up. Blocks the thread. */
export function waitForSync<T>(
  core: QueueCore,
  { timeoutMs, nowMs, check }: Patience,
  look: (nowMs: number) => T | undefined,
): T | undefined {
  const endMs = nowMs() + timeoutMs;
  while (true) {
    check?.();
    const found = look(nowMs());
    if (found !== undefined) return found;
    const announced = core.announce();
    const startMs = nowMs();
    const late = look(startMs);
    if (late !== undefined) return late;
    if (!(startMs < endMs)) return undefined;
    core.wait(announced, Math.min(Math.ceil(endMs - startMs), SLEEP_MS_MAX));
  }
}

/** What `look` finds, or `undefined` when time is up. Waits in the event loop. */
export async function waitForAsync<T>(
  core: QueueCore,
  words: Int32Array,
  { timeoutMs, nowMs, check }: Patience,
  look: (nowMs: number) => T | undefined,
): Promise<T | undefined> {
  const endMs = nowMs() + timeoutMs;
  while (true) {
    check?.();
    const found = look(nowMs());
    if (found !== undefined) return found;
    const announced = core.announce();
    const startMs = nowMs();
    const late = look(startMs);
    if (late !== undefined) return late;
    if (!(startMs < endMs)) return undefined;
    const sleepMs = Math.min(Math.ceil(endMs - startMs), SLEEP_MS_MAX);
    await waitInEventLoop(words, BELL, announced, sleepMs);
  }
}
