/**
 * What a server can do to its client: each attack is a loop body that writes what it likes into the
 * channel that both hold.
 *
 * @module
 */

import type { Channel } from "@hako/ipc";
import {
  BODIES_AT,
  BODY,
  CHANNEL,
  PHASE,
  REPLY,
  SLOT,
  SLOTS_AT,
} from "../../ipc/layouts/channel.ts";
import { SLOT_COUNT } from "../../ipc/limits.ts";
import type { Random } from "../../tools/scenarios/random.ts";

/** One round of an attack on a channel. */
export type ServerAttack = (channel: Channel, random: Random) => void;

/** Words that make off-by-one errors, wraps and sign mistakes. */
const CRAFTED = [0, 1, 2, 63, 64, 100, 101, 255, 256, 257, 0xffff, 0x7fff_ffff, 0x8000_0000, -1];

/** The attacks by name. */
export const SERVER_ATTACKS = {
  "never answers": () => {},
  "answers garbage": (channel, random) => {
    for (let slot = 0; slot < SLOT_COUNT; slot++) {
      if (phaseOf(channel, slot) !== PHASE.POSTED) continue;
      writeReplies(channel, slot, () => (random() * 2 ** 32) | 0);
      move(channel, slot, PHASE.DONE, random);
    }
    channel.core.wake();
  },
  "answers crafted words": (channel, random) => {
    for (let slot = 0; slot < SLOT_COUNT; slot++) {
      if (phaseOf(channel, slot) !== PHASE.POSTED) continue;
      // Most results are counts, so that the fields behind them are read.
      writeReplies(channel, slot, (word) => word === 0 && random() < 0.8 ? 0 : crafted(random));
      move(channel, slot, PHASE.DONE, random);
    }
    channel.core.wake();
  },
  "answers with every errno there is and is not": (channel, random) => {
    for (let slot = 0; slot < SLOT_COUNT; slot++) {
      if (phaseOf(channel, slot) !== PHASE.POSTED) continue;
      writeReplies(channel, slot, () => -Math.floor(random() * 200));
      move(channel, slot, PHASE.DONE, random);
    }
    channel.core.wake();
  },
  "moves slots at random": (channel, random) => {
    const slot = Math.floor(random() * SLOT_COUNT);
    move(channel, slot, Math.floor(random() * 8), random);
    channel.core.wake();
  },
  "writes states at random": (channel, random) => {
    const at = stateAt(Math.floor(random() * SLOT_COUNT));
    channel.words[at] = (random() * 2 ** 32) | 0;
    if (random() < 0.3) channel.words[at + 1] = (random() * 2 ** 32) | 0;
    channel.core.wake();
  },
  "rings without end": (channel) => {
    for (let i = 0; i < 100; i++) channel.core.wake();
  },
  "writes the client's bell": (channel, random) => {
    Atomics.store(channel.words, CHANNEL.at.bell >> 2, (random() * 2 ** 32) | 0);
  },
  "takes requests and lets them lie": (channel, random) => {
    for (let slot = 0; slot < SLOT_COUNT; slot++) {
      if (phaseOf(channel, slot) === PHASE.POSTED) move(channel, slot, PHASE.TAKEN, random);
    }
  },
  "writes garbage everywhere": (channel, random) => {
    const { words } = channel;
    for (let i = 0; i < 64; i++) words[Math.floor(random() * words.length)] = crafted(random);
    channel.core.wake();
  },
} as const satisfies Readonly<Record<string, ServerAttack>>;

function stateAt(slot: number): number {
  return (SLOTS_AT + slot * SLOT.byteLength) >> 2;
}

function phaseOf(channel: Channel, slot: number): number {
  return Atomics.load(channel.words, stateAt(slot)) & 7;
}

/** Moves a slot to a phase, with either answer. */
function move(channel: Channel, slot: number, phase: number, random: Random): void {
  const at = stateAt(slot);
  const area = random() < 0.5 ? 8 : 0;
  Atomics.store(channel.words, at, (channel.words[at]! & ~0xf) | area | phase);
}

/** Writes every word of both answers. */
function writeReplies(channel: Channel, slot: number, value: (word: number) => number): void {
  const { words } = channel;
  const head = stateAt(slot);
  const body = (BODIES_AT + slot * BODY.byteLength) >> 2;
  for (const [near, far] of [["replyEven", "replyEven"], ["replyOdd", "replyOdd"]] as const) {
    for (let word = 0; word < 4; word++) words[head + (SLOT.at[near] >> 2) + word] = value(word);
    for (let word = 0; word < REPLY.byteLength >> 2; word++) {
      words[body + (BODY.at[far] >> 2) + word] = value(4 + word);
    }
  }
}

function crafted(random: Random): number {
  return CRAFTED[Math.floor(random() * CRAFTED.length)]!;
}
