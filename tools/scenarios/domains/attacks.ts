/**
 * What a client can do to its server: each attack is a loop body that writes what it likes into the
 * memories that a client holds, its channel and its server's doorbell.
 *
 * @module
 */

import type { Channel, Doorbell } from "@hako/ipc";
import {
  BODIES_AT,
  BODY,
  CHANNEL,
  DOORBELL,
  PHASE,
  SLOT,
  SLOTS_AT,
} from "../../../ipc/layouts/channel.ts";
import { SLOT_COUNT } from "../../../ipc/limits.ts";
import type { Random } from "../random.ts";

/** A client's end, in the hands of an attacker. */
export interface Held {
  /** Its channel. */
  readonly channel: Channel;
  /** Its index at the doorbell. */
  readonly index: number;
  /** Its server's doorbell. */
  readonly bell: Doorbell;
  /** The doorbell's words. */
  readonly bellWords: Int32Array;
  /** Its chance. */
  readonly random: Random;
}

/** One round of an attack. */
export type Attack = (held: Held) => void;

/** Words that make off-by-one errors, wraps and sign mistakes. */
const CRAFTED = [0, 1, 2, 63, 64, 255, 256, 257, 0xffff, 0x1_0000, 0x7fff_ffff, 0x8000_0000, -1];

/** Numbers of segments that a small system has. */
const SEGMENTS = 48;

/** The fields of a slot's head and body, with where they lie: what a request is made of. */
const SLOT_FIELDS = Object.values(SLOT.at);
const BODY_FIELDS = Object.values(BODY.at);
const HEAD_FIELDS = Object.values(CHANNEL.at);

/** The attacks by name. */
export const ATTACKS = {
  "writes garbage everywhere": ({ channel, random, bell, index }: Held): void => {
    const { words } = channel;
    for (let i = 0; i < 64; i++) words[Math.floor(random() * words.length)] = anyWord(random);
    bell.core.ring(index);
  },
  "writes crafted words into every field": ({ channel, random, bell, index }: Held): void => {
    const { words } = channel;
    const slot = Math.floor(random() * SLOT_COUNT);
    for (const at of SLOT_FIELDS) words[(slotAt(slot) + at) >> 2] = crafted(random);
    for (const at of BODY_FIELDS) words[(bodyAt(slot) + at) >> 2] = crafted(random);
    postAs(channel, slot, PHASE.POSTED, random);
    bell.core.ring(index);
  },
  "posts operations and lengths that do not exist": (held: Held): void => {
    const { channel, random } = held;
    for (let slot = 0; slot < SLOT_COUNT; slot++) {
      const at = slotAt(slot) >> 2;
      channel.words[at + (SLOT.at.operation >> 2)] = random() < 0.8
        ? 1 + Math.floor(random() * 4)
        : crafted(random);
      for (let word = SLOT.at.requestNear >> 2; word < SLOT.at.replyEven >> 2; word++) {
        channel.words[at + word] = crafted(random);
      }
    }
    postAll(held);
  },
  "names windows that it does not hold": (held: Held): void => {
    const { channel, random } = held;
    for (let slot = 0; slot < SLOT_COUNT; slot++) {
      const at = slotAt(slot) >> 2;
      channel.words[at + (SLOT.at.operation >> 2)] = 3;
      const near = at + (SLOT.at.requestNear >> 2);
      channel.words[near] = 0xee; // The byte that must never stand in an honest window.
      channel.words[near + 1] = Math.floor(random() * SEGMENTS); // A segment.
      channel.words[near + 2] = random() < 0.5 ? 0 : crafted(random);
      channel.words[near + 3] = random() < 0.5 ? 4096 : crafted(random);
    }
    postAll(held);
  },
  "posts without end and never reaps": (held: Held): void => {
    for (let slot = 0; slot < SLOT_COUNT; slot++) {
      held.channel.words[(slotAt(slot) + SLOT.at.operation) >> 2] = 1;
    }
    postAll(held);
  },
  "posts stale and future sequences": ({ channel, random, bell, index }: Held): void => {
    for (let slot = 0; slot < SLOT_COUNT; slot++) {
      const at = slotAt(slot) >> 2;
      channel.words[at + 1] = (channel.words[at + 1]! + SLOT_COUNT * near(random)) | 0;
      postAs(channel, slot, PHASE.POSTED, random);
    }
    bell.core.ring(index);
  },
  "changes the phase of what is being done": ({ channel, random, bell, index }: Held): void => {
    for (let slot = 0; slot < SLOT_COUNT; slot++) {
      channel.words[(slotAt(slot) + SLOT.at.operation) >> 2] = 2;
      postAs(channel, slot, Math.floor(random() * 8), random);
    }
    bell.core.ring(index);
  },
  "rings without posting": ({ bell, index }: Held): void => {
    for (let i = 0; i < 100; i++) bell.core.ring(index);
  },
  "writes the doorbell": ({ bellWords, random }: Held): void => {
    // Not the count of channels: whoever makes channels beside each other is its owner.
    const word = Math.floor(random() * (DOORBELL.byteLength >> 2));
    if (word === DOORBELL.at.channels >> 2) return;
    const value = anyWord(random);
    if (random() < 0.5) Atomics.store(bellWords, word, value);
    else Atomics.xor(bellWords, word, value);
    if (random() < 0.2) Atomics.and(bellWords, DOORBELL.at.bell >> 2, ~1); // Nobody sleeps.
    if (random() < 0.2) Atomics.notify(bellWords, DOORBELL.at.bell >> 2);
  },
  "moves the bell and wakes nobody": ({ bellWords }: Held): void => {
    for (let i = 0; i < 100; i++) Atomics.add(bellWords, DOORBELL.at.bell >> 2, 1);
  },
  "says that nobody is ready": ({ bellWords }: Held): void => {
    Atomics.store(bellWords, DOORBELL.at.usesReady >> 2, 0);
    for (let at = DOORBELL.at.ready; at < DOORBELL.at.census; at += 4) {
      Atomics.store(bellWords, at >> 2, 0);
    }
  },
  "lies about who is awake": ({ bellWords, random }: Held): void => {
    for (let at = DOORBELL.at.census; at < DOORBELL.byteLength; at += 4) {
      bellWords[at >> 2] = crafted(random);
    }
  },
} as const satisfies Readonly<Record<string, Attack>>;

/** An attack that ends the attacker's own channel, and must end no other. */
export const HEAD_ATTACK: Attack = ({ channel, random }) => {
  for (const at of HEAD_FIELDS) channel.words[at >> 2] = crafted(random);
};

function slotAt(slot: number): number {
  return SLOTS_AT + slot * SLOT.byteLength;
}

function bodyAt(slot: number): number {
  return BODIES_AT + slot * BODY.byteLength;
}

/** Posts every slot, as the right epoch, whatever lies in it. */
function postAll({ channel, random, bell, index }: Held): void {
  for (let slot = 0; slot < SLOT_COUNT; slot++) postAs(channel, slot, PHASE.POSTED, random);
  bell.core.ring(index);
}

/** Puts a slot into a phase by plain stores; now and then with another epoch. */
function postAs(channel: Channel, slot: number, phase: number, random: Random): void {
  const at = slotAt(slot) >> 2;
  const epoch = random() < 0.9 ? channel.epoch : Math.floor(random() * 0x100_0000);
  channel.words[at] = (epoch << 8) | phase;
  // Every lap is a new request to the server: the sequence it looks for lies ahead.
  if (phase === PHASE.POSTED) channel.words[at + 1] = (channel.words[at + 1]! + SLOT_COUNT) | 0;
}

function crafted(random: Random): number {
  return CRAFTED[Math.floor(random() * CRAFTED.length)]!;
}

function anyWord(random: Random): number {
  return random() < 0.3 ? crafted(random) : (random() * 2 ** 32) | 0;
}

function near(random: Random): number {
  return Math.floor(random() * 5) - 2;
}
