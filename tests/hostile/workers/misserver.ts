/**
 * A hostile server: says what it speaks, then attacks its client from when it is told to until it is told to stop.
 *
 * @module
 */

import { Channel, type ChannelMemory } from "@hako/ipc";
import { randomFrom } from "../../../tools/scenarios/random.ts";
import { Ledger } from "../ledger_protocol.ts";
import { SERVER_ATTACKS, type ServerAttack } from "../server_attacks.ts";
import { starter } from "./starter.ts";

/** What a hostile server is told. */
export interface MisserverTask {
  /** The channel of its client. */
  readonly channel: ChannelMemory;
  /** The name of its attack. */
  readonly attack: string;
  /** A word that is not 0 when it is to stop; then one that is not 0 when it may attack. */
  readonly control: SharedArrayBuffer;
}

starter.onmessage = ({ data }: MessageEvent<MisserverTask>) => {
  const channel = new Channel(data.channel.memory);
  const control = new Int32Array(data.control);
  const attacks: Readonly<Record<string, ServerAttack>> = SERVER_ATTACKS;
  const attack = attacks[data.attack]!;
  const random = randomFrom(1);
  channel.speak(Ledger);
  starter.postMessage("begun");
  while (Atomics.load(control, 0) === 0) {
    if (Atomics.load(control, 1) !== 0) attack(channel, random);
  }
  self.close();
};
