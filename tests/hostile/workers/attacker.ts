/**
 * A hostile client: attacks until it is told to stop.
 *
 * @module
 */

import { Channel, type ChannelMemory, Doorbell } from "@hako/ipc";
import { randomFrom } from "../../../tools/scenarios/random.ts";
import { type Attack, ATTACKS, HEAD_ATTACK } from "../../../tools/scenarios/domains/attacks.ts";
import { starter } from "./starter.ts";

/** What an attacker is told. */
export interface AttackTask {
  /** Its own channel. */
  readonly channel: ChannelMemory;
  /** The names of its attacks, which it makes by turns. */
  readonly attacks: readonly string[];
  /** A word that is not 0 when it is to stop; then one that counts its rounds. */
  readonly control: SharedArrayBuffer;
  /** The seed of its chance. */
  readonly seed: number;
}

starter.onmessage = ({ data }: MessageEvent<AttackTask>) => {
  const { channel: { memory, bell, index }, attacks, control, seed } = data;
  const held = {
    channel: new Channel(memory),
    index,
    bell: new Doorbell(bell),
    bellWords: new Int32Array(bell.buffer),
    random: randomFrom(seed),
  };
  const words = new Int32Array(control);
  const known: Readonly<Record<string, Attack>> = { ...ATTACKS, head: HEAD_ATTACK };
  while (Atomics.load(words, 0) === 0) {
    for (const name of attacks) known[name]!(held);
    if (Atomics.add(words, 1, 1) === 0) starter.postMessage("begun");
  }
  self.close();
};
