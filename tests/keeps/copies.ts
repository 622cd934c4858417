/**
 * Explores copies that are taken beside a zombie: wherever the fence falls, and whichever mix of old
 * and new words the copier sees.
 *
 * The zombie's stores are those that it really makes: it is run, fenced before one of its steps, and
 * ends at its next look at the fence. What the copier may see of them is weaker than any machine that
 * the code runs on: a plain store becomes visible at any time after the last ordered look before it
 * and before the next ordered store after it ends; plain stores become visible in any order, one by
 * one; nothing has to become visible at all, since the zombie may stop.
 *
 * @module
 */

import type { WordMemory } from "../../kernel/keeps/words.ts";
import { text, Violation } from "./deaths.ts";
import { type Step, Steps } from "./stepped_words.ts";
import {
  begin,
  type Change,
  cloneImage,
  freshImage,
  type Image,
  MEMORIES,
  type Parts,
  read,
  statesOf,
  usedImage,
} from "./world.ts";

/** How much was explored. */
export interface ExploredCopies {
  /** Places of the fence. */
  readonly fences: number;
  /** Ways in which a copier saw the zombie. */
  readonly copies: number;
  /** Different copies that successors began with. */
  readonly images: number;
}

/** The zombie's time is over. */
class Fenced extends Error {}

/** One way on which the explorer has been already. */
class Pruned extends Error {}

/** A store as the copier may see it. */
interface Seen {
  readonly value: number;
  /** The number of ordered stores of the zombie from which on it may be visible. */
  readonly from: number;
  /** The same, from which on it is. */
  readonly until: number;
}

/** What a zombie does. */
interface Zombie {
  readonly before: Image;
  readonly steps: readonly Step[];
  /** Ordered stores before the fence. */
  readonly progress: number;
  /** Ordered stores in all. */
  readonly end: number;
  /** Commits that returned. */
  readonly returned: number;
  /** Its stores, by memory and word. */
  readonly stores: ReadonlyMap<string, readonly Seen[]>;
}

/** Where the zombie begins: its predecessor has put the first change in its place, or died before. */
export type Beginning = "in place" | "committed";

/** The memories after the first change. */
function imageOf(parts: Parts, change: Change, from: Beginning): Image {
  const image = usedImage(parts);
  let looks = 0;
  const life = begin(parts, image, new Steps(), () => {
    looks++; // At its recovery, before its store, and after it.
    if (from === "committed" && looks === 3) throw new Fenced();
  });
  change(life);
  try {
    life.transactions.commit();
  } catch (error) {
    if (!(error instanceof Fenced)) throw error;
  }
  return image;
}

/** Runs a script, fenced before one of its steps. */
function runFenced(
  parts: Parts,
  script: readonly Change[],
  fenceAt: number,
  from: Beginning,
): Zombie {
  const before = imageOf(parts, script[0]!, from);
  const left = script.slice(1);
  const image = cloneImage(before);
  const steps = new Steps();
  const isFenced = () => steps.done.length >= fenceAt;
  try {
    const life = begin(parts, image, steps, () => {
      const fenced = isFenced();
      steps.take({ what: "check" });
      if (fenced) throw new Fenced();
    });
    for (const change of left) {
      change(life);
      life.transactions.commit();
      steps.take({ what: "returned" });
    }
  } catch (error) {
    if (!(error instanceof Fenced)) throw error;
  }
  const { done } = steps;
  const progress = done.slice(0, fenceAt).filter(({ what }) => what === "commit").length;
  const returned = 1 + done.filter(({ what }) => what === "returned").length;
  return { before, steps: done, progress, returned, ...storesOf(done) };
}

function storesOf(steps: readonly Step[]): Pick<Zombie, "stores" | "end"> {
  const stores = new Map<string, Seen[]>();
  let ordered = 0;
  let looked = 0;
  for (const step of steps) {
    if (step.what === "look") looked = ordered;
    if (step.what !== "store" && step.what !== "commit") continue;
    const key = `${step.memory} ${step.at}`;
    const isOrdered = step.what === "commit";
    const seen = isOrdered
      ? { value: step.value, from: ordered + 1, until: ordered + 1 }
      : { value: step.value, from: looked, until: ordered + 1 };
    stores.set(key, [...stores.get(key) ?? [], seen]);
    if (isOrdered) ordered++;
  }
  return { stores, end: ordered };
}

/** The choices of one way, and those that are left: explored depth first. */
class Choices {
  readonly #taken: { choice: number; of: number }[] = [];
  #at = 0;

  /** One of `of` choices. */
  take(of: number): number {
    if (of === 1) return 0;
    if (this.#at === this.#taken.length) this.#taken.push({ choice: 0, of });
    return this.#taken[this.#at++]!.choice;
  }

  /** Goes on to the next way; answers whether there is one. */
  next(): boolean {
    this.#at = 0;
    for (let last = this.#taken.pop(); last !== undefined; last = this.#taken.pop()) {
      if (last.choice + 1 >= last.of) continue;
      this.#taken.push({ choice: last.choice + 1, of: last.of });
      return true;
    }
    return false;
  }
}

/** The zombie's memories as one copier sees them. */
class Sight {
  readonly #zombie: Zombie;
  readonly #choices: Choices;
  readonly #begun: Set<string>;
  #progress: number;
  #looks = 0;

  constructor(zombie: Zombie, choices: Choices, begun: Set<string>) {
    this.#zombie = zombie;
    this.#choices = choices;
    this.#begun = begun;
    this.#progress = zombie.progress;
  }

  memory(name: (typeof MEMORIES)[number]): WordMemory {
    const words = this.#zombie.before[name];
    const changed = [...this.#zombie.stores.keys()]
      .filter((key) => key.startsWith(`${name} `))
      .map((key) => Number(key.split(" ")[1])).sort((a, b) => a - b);
    return {
      wordCount: words.length,
      load: (at, target, targetAt, count) => {
        target.set(words.subarray(at, at + count), targetAt);
        for (const word of changed) {
          if (word >= at && word < at + count) target[targetAt + word - at] = this.#see(name, word);
        }
      },
      loadInOrder: (at) => {
        const value = this.#see(name, at);
        this.#refuseBegun();
        return value;
      },
      loadFenced: (at) => this.#see(name, at),
      store: refuseStore,
      storeInOrder: refuseStore,
    };
  }

  #see(name: string, at: number): number {
    const { before, stores, end } = this.#zombie;
    this.#progress += this.#choices.take(end - this.#progress + 1);
    let value = before[name as keyof Image][at]!;
    const possible: number[] = [];
    for (const store of stores.get(`${name} ${at}`) ?? []) {
      if (store.until <= this.#progress) value = store.value;
      else if (store.from <= this.#progress) possible.push(store.value);
    }
    const different = [...new Set([value, ...possible])];
    return different[this.#choices.take(different.length)]!;
  }

  /** A copy that begins anew knows nothing of the one before: one such way is enough. */
  #refuseBegun(): void {
    if (this.#looks++ === 0) return;
    const key = `${this.#looks} ${this.#progress}`;
    if (this.#begun.has(key)) throw new Pruned();
    this.#begun.add(key);
  }
}

/** Copies beside a zombie of the script, in every way, and lets a successor begin with each copy. */
export function exploreCopies(
  parts: Parts,
  script: readonly Change[],
  from: Beginning = "in place",
): ExploredCopies {
  const states = statesOf(parts, script, usedImage(parts));
  let copies = 0;
  let images = 0;
  for (let fences = 1;; fences++) {
    const zombie = runFenced(parts, script, fences - 1, from);
    const seen = new Set<string>();
    const begun = new Set<string>();
    const choices = new Choices();
    do {
      const image = copyOnce(parts, new Sight(zombie, choices, begun), zombie);
      if (image === undefined) continue;
      copies++;
      const key = changedWords(zombie, image).join();
      if (seen.has(key)) continue;
      seen.add(key);
      judge(parts, states, zombie, image);
    } while (choices.next());
    images += seen.size;
    if (fences > zombie.steps.length) return { fences, copies, images };
  }
}

function copyOnce(parts: Parts, sight: Sight, zombie: Zombie): Image | undefined {
  const image = freshImage();
  const targets = MEMORIES.map((name) => plainWords(image[name]));
  try {
    parts.copyWords(MEMORIES.map((name) => sight.memory(name)), targets);
    return image;
  } catch (error) {
    if (error instanceof Pruned) return undefined;
    throw new Violation(`the copier gives up: ${error}\n${text(zombie.steps)}`);
  }
}

function judge(parts: Parts, states: readonly string[], zombie: Zombie, image: Image): void {
  const { returned } = zombie;
  let found: string;
  try {
    found = read(begin(parts, cloneImage(image)));
  } catch (error) {
    throw new Violation(`the successor cannot begin: ${error}\n${interleaving(zombie, image)}`);
  }
  const state = states.indexOf(found);
  if (state === returned || state === returned + 1) return;
  throw new Violation(
    `${returned} commits had returned; the successor reads\n  ${found}\n` +
      interleaving(zombie, image),
  );
}

/** What the zombie did, and what the copier saw of each word that it changed. */
function interleaving(zombie: Zombie, image: Image): string {
  const values = changedWords(zombie, image);
  const words = [...zombie.stores.keys()].map((key, index) => {
    return `${key}: 0x${values[index]!.toString(16)}`;
  });
  return `fenced after ${zombie.progress} ordered stores; ${text(zombie.steps)}\n` +
    `the copy has\n  ${words.join("\n  ")}`;
}

/** The words of an image that the zombie changes somewhere in its life. */
function changedWords({ stores }: Zombie, image: Image): number[] {
  return [...stores.keys()].map((key) => {
    const [name, at] = key.split(" ");
    return image[name as keyof Image][Number(at)]!;
  });
}

function plainWords(words: Uint32Array): WordMemory {
  return {
    wordCount: words.length,
    load: (at, target, targetAt, count) => target.set(words.subarray(at, at + count), targetAt),
    store: (at, source, sourceAt, count) =>
      words.set(source.subarray(sourceAt, sourceAt + count), at),
    loadInOrder: (at) => words[at]!,
    storeInOrder: (at, value) => void (words[at] = value),
    loadFenced: (at) => words[at]!,
  };
}

function refuseStore(): never {
  throw new Error("a copier does not write to what it copies");
}
