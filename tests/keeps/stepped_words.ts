/**
 * Memory whose every store is a step: at any of them its writer can die, and all are written down.
 *
 * @module
 */

import type { WordMemory } from "../../kernel/keeps/words.ts";

/** The writer died before a store. */
export class Death extends Error {
  /** The class name, as `Error` wants it. */
  override readonly name = "Death";
}

/** What a writer did, as others can see it. */
export type Step =
  /** Words became visible in any order between what is ordered around them. */
  | { readonly what: "store"; readonly memory: string; readonly at: number; readonly value: number }
  /** A word became visible after all before it. */
  | {
    readonly what: "commit";
    readonly memory: string;
    readonly at: number;
    readonly value: number;
  }
  /** Nothing after it becomes visible before it. */
  | { readonly what: "look" }
  /** It looked at its fence word. */
  | { readonly what: "check" }
  /** A commit returned. */
  | { readonly what: "returned" };

/** The steps of one writer, which dies before the store with a number. */
export class Steps {
  /** What it did. */
  readonly done: Step[] = [];
  /** Stores that it still makes. */
  #left: number;

  /** A writer that makes so many stores. */
  constructor(stores: number = Infinity) {
    this.#left = stores;
  }

  /** Writes a step down; throws if the writer is dead. */
  take(step: Step): void {
    if (step.what === "store" || step.what === "commit") {
      if (this.#left === 0) throw new Death(`before ${describe(step)}`);
      this.#left--;
    }
    this.done.push(step);
  }
}

/** One memory, as one writer sees it. */
export class SteppedWords implements WordMemory {
  readonly wordCount: number;
  readonly #name: string;
  readonly #words: Uint32Array;
  readonly #steps: Steps;

  /** The words of a memory with a name. */
  constructor(name: string, words: Uint32Array, steps: Steps) {
    this.#name = name;
    this.#words = words;
    this.#steps = steps;
    this.wordCount = words.length;
  }

  load(at: number, target: Uint32Array, targetAt: number, count: number): void {
    target.set(this.#words.subarray(at, at + count), targetAt);
  }

  store(at: number, source: Uint32Array, sourceAt: number, count: number): void {
    for (let i = 0; i < count; i++) {
      const value = source[sourceAt + i]!;
      this.#steps.take({ what: "store", memory: this.#name, at: at + i, value });
      this.#words[at + i] = value;
    }
  }

  loadInOrder(at: number): number {
    this.#steps.take({ what: "look" });
    return this.#words[at]!;
  }

  storeInOrder(at: number, value: number): void {
    this.#steps.take({ what: "commit", memory: this.#name, at, value });
    this.#words[at] = value;
  }

  loadFenced(at: number): number {
    return this.#words[at]!;
  }
}

/** A step as a line of a trace. */
export function describe(step: Step): string {
  if (step.what !== "store" && step.what !== "commit") return step.what;
  const { what, memory, at, value } = step;
  return `${what} ${memory}[${at}] = 0x${(value >>> 0).toString(16)}`;
}
