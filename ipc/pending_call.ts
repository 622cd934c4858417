/**
 * Calls that a promise will answer.
 *
 * @module
 */

import type { Core } from "./core/core.ts";
import type { PlacedOperation } from "./protocol.ts";
import type { Waiter } from "./wait.ts";

/** What is known of one. */
export interface Pending {
  /** Its number in its channel. */
  readonly sequence: number;
  /** Its operation. */
  readonly operation: PlacedOperation;
  /** When to give up, by the waiter's clock. */
  readonly deadlineMs: number;
  /** Settles it with the answer in an area, or with what is thrown. */
  settle(areaOf: () => number): void;
}

/** The calls of one channel that promises will answer, by their sequence. */
export class PendingCalls extends Map<number, Pending> {
  readonly #core: Core;
  readonly #waiter: Waiter;

  /** Those on a channel whose client waits so. */
  constructor(core: Core, waiter: Waiter) {
    super();
    this.#core = core;
    this.#waiter = waiter;
  }

  /** Adds a call; answers a promise of what `read` makes of the area of its answer. */
  promise(call: Omit<Pending, "settle">, read: (area: number) => unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const settle = (areaOf: () => number) => {
        this.delete(call.sequence);
        try {
          resolve(read(areaOf()));
        } catch (error) {
          reject(error);
        }
      };
      this.set(call.sequence, { ...call, settle });
    });
  }

  /** Settles a call if its answer is there, and answers whether it was. */
  settle(sequence: number): boolean {
    const call = this.get(sequence);
    const area = call === undefined ? 0 : this.#core.reap(sequence);
    if (area !== 0) call!.settle(() => area);
    return area !== 0;
  }

  /** How long to sleep at most: until the earliest deadline, and no longer than the waiter does. */
  untilDeadline(): number {
    let deadlineMs = Infinity;
    for (const call of this.values()) deadlineMs = Math.min(deadlineMs, call.deadlineMs);
    if (deadlineMs === Infinity) return this.#waiter.sleepMsMax;
    const leftMs = Math.max(0, Math.ceil(deadlineMs - this.#waiter.nowMs()));
    return Math.min(this.#waiter.sleepMsMax, leftMs);
  }
}
