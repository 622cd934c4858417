/**
 * Which steps no other thread can see or change, so that they need no interleaving of their own.
 *
 * Such a step is done together with the thread's step before it. It commutes with whatever the others
 * do until then, so every state that matters is still met:
 *
 * - a load whose value is dropped, as of a spinner that lets time pass;
 * - a load of a word that no living thread may write, and any step on one that none may touch;
 * - a load of a slot's state word after which the thread does the same whatever the others may make
 *   of it meanwhile: a slot in its client's hands can only have its epoch raised. The moves of a slot
 *   are checked, so that is known to hold.
 *
 * @module
 */

import { PHASE } from "../../ipc/layouts/channel.ts";
import { KIND } from "./atomic_step.ts";
import type { Automaton } from "./automaton.ts";
import { mayTouch, type Member } from "./cast.ts";
import type { MemoryMap, Word } from "./memory_map.ts";
import { epochsOf, type Scenario } from "./scenario.ts";

/** Decides for one scenario. */
export class Unseen {
  readonly #cast: readonly Member[];
  readonly #automata: readonly Automaton[];
  readonly #fenceEpochs: readonly number[];
  /** By word: the threads that may ever write it, and that may ever touch it, as bits. */
  readonly #writers: Int32Array;
  readonly #touching: Int32Array;

  /** Takes from the scenario who may touch what. */
  constructor(
    scenario: Scenario,
    { map, cast, automata }: {
      readonly map: MemoryMap;
      readonly cast: readonly Member[];
      readonly automata: readonly Automaton[];
    },
  ) {
    this.#cast = cast;
    this.#automata = automata;
    this.#fenceEpochs = epochsOf(scenario);
    const mask = (word: Word, may: "reads" | "writes") => {
      return cast.reduce((bits, member, thread) => {
        return mayTouch(member, scenario, word)[may] ? bits | (1 << thread) : bits;
      }, 0);
    };
    this.#writers = Int32Array.from(map.words, (word) => mask(word, "writes"));
    this.#touching = Int32Array.from(map.words, (word) => {
      return mask(word, "reads") | mask(word, "writes");
    });
  }

  /**
   * Whether the next step of a thread is unseen. Hot path.
   *
   * @param living The threads that have not ended, as bits.
   */
  isUnseen(state: Int32Array, thread: number, number: number, living: number): boolean {
    const local = this.#automata[thread]!.locals[number]!;
    const { kind, dropped } = local.step;
    if (kind === KIND.wait || kind === KIND.notify) return false;
    if (kind === KIND.load && dropped) return true;
    const others = living & ~(1 << thread);
    const { index, slot, at } = local.word!;
    if ((this.#touching[index]! & others) === 0) return true;
    if (kind !== KIND.load) return false;
    if ((this.#writers[index]! & others) === 0) return true;
    if (slot < 0) return false;
    if (this.#cast[thread]!.role !== "client") return false;
    return this.#isClientBlind(thread, number, state[at]!, state[at + 1]!);
  }

  #isClientBlind(thread: number, number: number, low: number, high: number): boolean {
    const phase = low & 7;
    if (phase !== PHASE.FREE && phase !== PHASE.DONE) return false;
    const automaton = this.#automata[thread]!;
    const { target } = automaton.follow(number, low, high);
    for (const epoch of this.#fenceEpochs) {
      if (epoch <= low >>> 8) continue;
      const raised = (low & 0xff) | (epoch << 8);
      if (automaton.follow(number, raised, high).target !== target) return false;
    }
    return true;
  }
}
