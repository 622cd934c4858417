/**
 * The state words of the slots that no request of a scenario uses, numbered as a whole.
 *
 * @module
 */

import { SLOT_COUNT } from "../../ipc/limits.ts";
import { applyAtomic, type AtomicStep, KIND, type Read } from "./atomic_step.ts";
import { type Scenario, slotAtStart } from "./scenario.ts";

interface Content {
  readonly words: Int32Array;
  /** What follows a write, by cold slot. */
  readonly next: Map<
    number,
    { readonly low: number; readonly high: number; readonly number: number }
  >;
}

/** All contents that were met; number 0 is the one at the start. */
export class ColdMemory {
  readonly #contents: Content[] = [];
  readonly #numbers: Map<string, number> = new Map();
  readonly #scratch: Int32Array;

  /** The content at the start of a scenario. */
  constructor(scenario: Scenario) {
    const words = new Int32Array(scenario.channels.length * SLOT_COUNT * 2);
    for (let channel = 0; channel < scenario.channels.length; channel++) {
      for (let slot = 0; slot < SLOT_COUNT; slot++) {
        words.set(slotAtStart(scenario, channel, slot), (channel * SLOT_COUNT + slot) * 2);
      }
    }
    this.#scratch = new Int32Array(2);
    this.#number(words);
  }

  /**
   * Does an instruction on a cold slot; answers the number of the content after it.
   *
   * @param read Receives what was read.
   */
  apply(number: number, slot: number, step: AtomicStep, read: Read): number {
    const content = this.#contents[number]!;
    this.#scratch[0] = content.words[slot * 2]!;
    this.#scratch[1] = content.words[slot * 2 + 1]!;
    if (step.kind === KIND.load) {
      read.low = this.#scratch[0];
      read.high = this.#scratch[1];
      read.wrote = false;
      return number;
    }
    applyAtomic(this.#scratch, 0, step, read);
    const [low, high] = this.#scratch as unknown as [number, number];
    if (low === read.low && high === read.high) return number;
    const known = content.next.get(slot);
    if (known !== undefined && known.low === low && known.high === high) return known.number;
    const words = content.words.slice();
    words.set(this.#scratch, slot * 2);
    const next = this.#number(words);
    content.next.set(slot, { low, high, number: next });
    return next;
  }

  #number(words: Int32Array): number {
    const key = words.join();
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const number = this.#contents.length;
    this.#contents.push({ words, next: new Map() });
    this.#numbers.set(key, number);
    return number;
  }
}
