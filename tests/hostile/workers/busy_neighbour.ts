/**
 * An honest client that is as busy as an attacker: never asleep, as it says in the census, and its
 * channel never empty. It calls below `Client`, which would sleep.
 *
 * @module
 */

import { Channel, type ChannelMemory, Doorbell } from "@hako/ipc";
import { OPERATION, slotWord } from "../../../ipc/channel.ts";
import { DOORBELL } from "../../../ipc/layouts/channel.ts";
import { Ledger } from "../ledger_protocol.ts";
import { starter } from "./starter.ts";

/** What a busy neighbour is told. */
export interface BusyTask {
  /** Its own channel, of which it is the first client. */
  readonly channel: ChannelMemory;
  /** A word that is not 0 when it is to stop. */
  readonly control: SharedArrayBuffer;
}

/** A deposit of 0. */
const DEPOSIT = Ledger.byName.get("deposit")!.operation.code;

starter.onmessage = ({ data: { channel, control } }: MessageEvent<BusyTask>) => {
  const { memory, bell, index } = channel;
  const { core, words } = new Channel(memory, { ring: new Doorbell(bell).core.ring, index });
  const bellWords = new Int32Array(bell.buffer);
  const over = new Int32Array(control);
  starter.postMessage("begun");
  let first = 0;
  while (Atomics.load(over, 0) === 0) {
    bellWords[(DOORBELL.at.census >> 2) + index + 1] = 1;
    let count = 0;
    for (; core.isFree(first + count) !== 0; count++) {
      words[slotWord(first + count) + OPERATION] = DEPOSIT;
    }
    core.postMany(first, count);
    first = (first + count) >>> 0;
  }
  self.close();
};
