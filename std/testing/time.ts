/**
 * Simulated time: the part of `jsr:@std/testing@^1` that Hako's tests use, on `node:test`.
 *
 * @module
 */

import { mock } from "node:test";

/**
 * Holds `Date`, `setTimeout` and `setInterval` until it is disposed of: time passes only when the
 * test says so. `performance.now()` goes on.
 *
 * @example
 * ```ts ignore
 * using time = new FakeTime();
 * let rang = false;
 * setTimeout(() => rang = true, 1000);
 * time.tick(1000);
 * assert(rang);
 * ```
 */
export class FakeTime {
  /** When it began, in milliseconds since 1970. */
  readonly start: number;

  /** @param start The time to begin at; now, when left out. */
  constructor(start: number | string | Date | null = null) {
    this.start = start === null ? Date.now() : new Date(start).valueOf();
    if (Number.isNaN(this.start)) throw new TypeError(`Cannot construct FakeTime: invalid start`);
    mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"], now: this.start });
  }

  /** The simulated time, in milliseconds since 1970. */
  get now(): number {
    return Date.now();
  }

  /** Lets `ms` milliseconds pass and fires the timers that become due. */
  tick(ms = 0): void {
    mock.timers.tick(ms);
  }

  /** Runs what waits in the microtask queue, then lets `ms` milliseconds pass. */
  async tickAsync(ms = 0): Promise<void> {
    await this.runMicrotasks();
    this.tick(ms);
    await this.runMicrotasks();
  }

  /** Runs what waits in the microtask queue. */
  async runMicrotasks(): Promise<void> {
    for (let turn = 0; turn < 10; turn++) await Promise.resolve(); // As deep as promises nest.
  }

  /** Gives real time back. */
  restore(): void {
    mock.timers.reset();
  }

  /** Gives real time back. */
  [Symbol.dispose](): void {
    this.restore();
  }
}
