/**
 * The time of a simulated world, and the order of what happens in it.
 *
 * Everything is a step at an instant; steps of one instant happen in an order of chance. The server
 * under test is plain synchronous code: while it waits for a disk, {@linkcode Scheduler.runUntil}
 * lets the rest of the world go on below it on the stack.
 *
 * Each step and each note is mixed into {@linkcode Scheduler.digest}: two runs are the same if and only if
 * their digests are.
 *
 * @module
 */

import type { Chance } from "./chance.ts";

/** A step that is to be taken. */
export interface Step {
  /** When, in microseconds of simulated time. */
  readonly atUs: number;
  /** Takes it. */
  run: (() => void) | undefined;
}

interface PlacedStep extends Step {
  readonly order: number;
  readonly number: number;
}

/** A line of a world's history. */
export interface Line {
  /** When. */
  readonly atUs: number;
  /** Who. */
  readonly who: string;
  /** What. */
  readonly what: string;
}

/** Steps that one world may take: a world that takes more is stuck in a circle. */
const STEPS_MAX = 400_000;

/** The scheduler of one world. */
export class Scheduler {
  readonly #chance: Chance;
  readonly #keepsLines: boolean;
  readonly #heap: PlacedStep[] = [];
  #nowUs = 0;
  #count = 0;
  #placed = 0;
  #low = 0x811c9dc5;
  #high = 0x9e3779b9;

  /** What was noted, if lines are kept. */
  readonly lines: Line[] = [];

  /**
   * A world at its beginning.
   *
   * @param chance Orders the steps of one instant.
   * @param keepsLines Whether notes are kept for people; the digest is the same.
   */
  constructor(chance: Chance, keepsLines: boolean) {
    this.#chance = chance;
    this.#keepsLines = keepsLines;
  }

  /** Now, in microseconds. */
  get nowUs(): number {
    return this.#nowUs;
  }

  /** Steps taken. */
  get count(): number {
    return this.#count;
  }

  /** What has happened, as sixteen hexadecimal digits. */
  get digest(): string {
    return [this.#high, this.#low].map((word) => (word >>> 0).toString(16).padStart(8, "0"))
      .join("");
  }

  /** Takes a step so much later. */
  after(delayUs: number, run: () => void): Step {
    const order = this.#chance.next();
    const step = { atUs: this.#nowUs + delayUs, run, order, number: this.#placed++ };
    this.#push(step);
    return step;
  }

  /** Notes what somebody did: numbers for the digest, words for people. */
  note(who: string, number: number, what: () => string): void {
    this.#mix(who.charCodeAt(0) * 256 + who.charCodeAt(who.length - 1));
    this.#mix(number);
    this.#mix(this.#nowUs);
    if (this.#keepsLines) this.lines.push({ atUs: this.#nowUs, who, what: what() });
  }

  /**
   * Takes steps until something is so; a step may end it by throwing.
   *
   * @throws {Error} If nothing is left to happen, or nothing comes of it.
   */
  runUntil(isSo: () => boolean): void {
    while (!isSo()) if (!this.step()) throw new Error("the world has come to a standstill");
  }

  /** Takes the next step; answers whether there was one. */
  step(): boolean {
    for (;;) {
      const step = this.#pop();
      if (step === undefined) return false;
      if (step.run === undefined) continue;
      this.#nowUs = Math.max(this.#nowUs, step.atUs);
      this.#mix(step.number);
      if (++this.#count > STEPS_MAX) throw new Error("the world goes round in a circle");
      step.run();
      return true;
    }
  }

  #mix(number: number): void {
    this.#low = Math.imul(this.#low ^ (number | 0), 0x01000193);
    this.#high = Math.imul(this.#high ^ this.#low, 0x85ebca6b) ^ (this.#high >>> 13);
  }

  #push(step: PlacedStep): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(step);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(step, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = step;
  }

  #pop(): PlacedStep | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, last!)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last!;
    return first;
  }
}

function isBefore(one: PlacedStep, other: PlacedStep): boolean {
  if (one.atUs !== other.atUs) return one.atUs < other.atUs;
  return one.order !== other.order ? one.order < other.order : one.number < other.number;
}
