/**
 * A zombie at work: writes what it holds over and over, in one of four manners.
 *
 * It takes every step that code of ours can take with an epoch that is over, on the channels that it
 * served: there its successor works. Memories of which the successor has others it overwrites whole.
 * State words it leaves to the core, as the code of every domain does.
 *
 * @module
 */

import { assert, Channel, Doorbell, READY_CHANNELS_MAX, SLOT_COUNT } from "@hako/ipc";
import { placeReply } from "../../../ipc/channel.ts";
import { DOORBELL } from "../../../ipc/layouts/channel.ts";
import { BOOT } from "../../../kernel/layouts/boot.ts";
import type { BootMessage } from "../../../kernel/messages.ts";
import { type Random, randomFrom } from "../../../tools/scenarios/random.ts";
import type { Zombie } from "../haunted_protocol.ts";
import type { Leash } from "../leash.ts";
import { replacedMemories } from "./holdings.ts";

const FENCE = BOOT.at.fence >> 2;
const BELL = DOORBELL.at.bell >> 2;

/** Words of one memory that are overwritten in a round. */
const ROUND_WORDS = 256;

/** How often each answer is written over in a round: it lies there for microseconds, if at all. */
const ANSWERS_IN_ROUND = 16;

/** A zombie of one domain. */
export class Haunting {
  readonly #leash: Leash;
  readonly #boot: Int32Array;
  readonly #epoch: number;
  readonly #bell: Doorbell;
  readonly #bellWords: Int32Array;
  readonly #served: readonly Channel[];
  readonly #replaced: readonly Int32Array[];
  readonly #more: () => void;
  readonly #random: Random = randomFrom(1);
  #at = 0;

  /**
   * @param boot What the domain was given.
   * @param leash What it obeys.
   * @param more What this one does besides in each round, from its fence on.
   */
  constructor(boot: BootMessage, leash: Leash, more: () => void = () => {}) {
    this.#leash = leash;
    this.#boot = new Int32Array(boot.boot);
    this.#epoch = boot.epoch;
    this.#bell = new Doorbell(boot.bell);
    this.#bellWords = new Int32Array(boot.bell.buffer);
    assert(boot.served.length > 0, "a zombie has clients from the beginning of its life");
    this.#served = boot.served.map(({ memory }) => new Channel(memory));
    this.#replaced = replacedMemories(boot).map((buffer) => new Int32Array(buffer));
    this.#more = more;
  }

  /** Haunts until the test is over. */
  haunt(as: Zombie): void {
    this.#leash.turn();
    switch (as) {
      case "infinite loop":
        while (!this.#leash.isStopped) this.#round();
        return;
      case "timed waits":
        for (; !this.#leash.isStopped; this.#round()) {
          Atomics.wait(this.#bellWords, BELL, this.#bell.announce(), 2); // Where its successor sleeps.
        }
        return;
      case "blocked for good":
        while (!this.#leash.isStopped) {
          this.#round();
          Atomics.wait(this.#bellWords, BELL, this.#bell.announce()); // Only a ring ends it.
        }
        return;
      case "woken late":
        this.#leash.block();
        while (!this.#leash.isStopped) this.#round();
    }
  }

  /**
   * Once over everything. Until it is fenced it is no zombie, and until there is a successor it would
   * only spoil what is its own: what it was at work on when its life ended is handed on as it was.
   */
  #round(): void {
    if (Atomics.load(this.#boot, FENCE) === 0) return;
    this.#more();
    if (!this.#leash.hasSuccessor) return;
    for (const words of this.#replaced) this.#overwrite(words);
    for (const channel of this.#served) this.#serve(channel);
    for (let i = 0; i < ANSWERS_IN_ROUND; i++) {
      for (const channel of this.#served) this.#answer(channel);
    }
    for (let word = 0; word < READY_CHANNELS_MAX / 32; word++) this.#bell.core.takeReady(word);
    this.#bell.announce();
    this.#leash.count();
  }

  #overwrite(words: Int32Array): void {
    for (let i = 0; i < Math.min(ROUND_WORDS, words.length); i++) {
      words[(this.#at + i) % words.length] = (this.#random() * 2 ** 32) | 0;
    }
    this.#at += ROUND_WORDS;
  }

  /** Every step of a server on every slot. */
  #serve({ core }: Channel): void {
    const first = core.firstUnfinished();
    for (let sequence = first - SLOT_COUNT; sequence < first + SLOT_COUNT; sequence++) {
      core.take(sequence, this.#epoch);
      core.complete(sequence, this.#epoch, sequence & 1);
    }
    core.wake();
  }

  /** Answers every slot, where this life answers. */
  #answer({ words, bytes }: Channel): void {
    const place = { near: 0, far: 0, payload: 0 };
    for (let slot = 0; slot < SLOT_COUNT; slot++) {
      placeReply(slot, this.#epoch & 1, place);
      words[place.near - 1] = 1_000_000;
      words[place.near] = -1;
      words[place.far] = -1;
      bytes[place.payload] = 0xee;
    }
  }
}
