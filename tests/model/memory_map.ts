/**
 * Which bytes of the memories are a word of the explored state.
 *
 * A word is hot if threads may meet there: it is part of every state. The slots that no request of
 * the scenario uses are cold: only fences write them, each in one go, and whoever else reads one does
 * the same whatever its epoch, which the explorer proves each time. They are kept apart.
 *
 * @module
 */

import { AGAIN, CHANNEL, DOORBELL, PHASE, SLOT, SLOTS_AT } from "../../ipc/layouts/channel.ts";
import { SLOT_COUNT } from "../../ipc/limits.ts";
import type { AtomicStep } from "./atomic_step.ts";
import { KIND } from "./atomic_step.ts";
import type { Request } from "./scenario.ts";
import { Violation } from "./violation.ts";

/** What a word is for, from which follows who may touch it. */
export type WordRole = "bell" | "doorbell" | "closed" | "epoch" | "slot" | "usesReady" | "ready";

/** One hot word. */
export interface Word {
  /** What it is for. */
  readonly role: WordRole;
  /** Its memory. */
  readonly memory: number;
  /** Its byte address. */
  readonly address: number;
  /** Whether it has 64 bits. */
  readonly wide: boolean;
  /** Its number among the hot words. */
  readonly index: number;
  /** The number of a slot's state word among those; -1 of any other word. */
  readonly slot: number;
  /** Where it begins in a state. */
  readonly at: number;
  /** Its name in traces. */
  readonly name: string;
}

/** Where an instruction goes: a hot word, or the number of a cold slot. */
export type Place = Word | number;

const PHASE_NAMES = Object.keys(PHASE);

/** The words of one scenario. */
export class MemoryMap {
  /** The hot words. */
  readonly words: readonly Word[];
  /** How many of them are state words of slots. */
  readonly slotCount: number;
  /** Numbers that the hot words take in a state. */
  readonly length: number;
  readonly #channelCount: number;
  readonly #byPlace: Map<string, Word> = new Map();

  /** Finds the words that the requests use. */
  constructor(channelCount: number, requests: readonly Request[]) {
    this.#channelCount = channelCount;
    const words: Word[] = [];
    let length = 0;
    let slotCount = 0;
    const add = (role: WordRole, memory: number, address: number, name: string) => {
      const wide = role === "slot";
      const slot = wide ? slotCount++ : -1;
      const word = { role, memory, address, wide, name, slot, index: words.length, at: length };
      length += wide ? 2 : 1;
      words.push(word);
      this.#byPlace.set(`${memory} ${address}`, word);
    };
    for (let channel = 0; channel < channelCount; channel++) {
      const letter = String.fromCharCode(65 + channel);
      add("bell", channel, CHANNEL.at.bell, `${letter}.bell`);
      add("closed", channel, CHANNEL.at.closed, `${letter}.closed`);
      add("epoch", channel, CHANNEL.at.epoch, `${letter}.epoch`);
      for (const slot of hotSlots(requests, channel)) {
        add("slot", channel, SLOTS_AT + slot * SLOT.byteLength, `${letter}.slot ${slot}`);
      }
    }
    add("doorbell", channelCount, DOORBELL.at.bell, "doorbell.bell");
    add("usesReady", channelCount, DOORBELL.at.usesReady, "doorbell.usesReady");
    add("ready", channelCount, DOORBELL.at.ready, "doorbell.ready");
    this.words = words;
    this.slotCount = slotCount;
    this.length = length;
  }

  /**
   * Where an instruction goes.
   *
   * @throws {Violation} No word of the layout is there, or it has another width.
   */
  locate(step: AtomicStep): Place {
    const word = this.#byPlace.get(`${step.memory} ${step.address}`);
    if (word !== undefined) {
      if (word.wide === step.wide || step.kind === KIND.notify) return word;
      throw new Violation("own-words", `${word.name} is met in another width than it has`);
    }
    const offset = step.address - SLOTS_AT;
    const slot = Math.floor(offset / SLOT.byteLength);
    const isState = offset % SLOT.byteLength === SLOT.at.state;
    if (
      step.memory < this.#channelCount && isState && slot >= 0 && slot < SLOT_COUNT && step.wide
    ) {
      return step.memory * SLOT_COUNT + slot;
    }
    throw new Violation("own-words", `no word lies at ${step.address} of memory ${step.memory}`);
  }

  /** The hot word of a request's slot. */
  slotOf(request: Request): Word {
    return this.#byPlace.get(`${request.channel} ${SLOTS_AT + request.slot * SLOT.byteLength}`)!;
  }

  /** The word with a role, of a memory. */
  named(role: WordRole, memory: number): Word {
    return this.words.find((word) => word.role === role && word.memory === memory)!;
  }
}

/** A word's value as people read it. */
export function renderValue(word: Word, low: number, high: number): string {
  if (word.role !== "slot") {
    return word.role === "ready" ? `0b${(low >>> 0).toString(2)}` : `${low}`;
  }
  const phase = PHASE_NAMES[low & 7] ?? `phase ${low & 7}`;
  const area = (low & 7) === PHASE.DONE ? ((low & 8) !== 0 ? " odd" : " even") : "";
  const again = (low & AGAIN) !== 0 ? " again" : "";
  return `${phase}${area}${again} ${high >>> 0}@${low >>> 8}`;
}

function hotSlots(requests: readonly Request[], channel: number): readonly number[] {
  const slots = requests.filter((request) => request.channel === channel).map(({ slot }) => slot);
  return [...new Set(slots)];
}
