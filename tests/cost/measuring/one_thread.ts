/**
 * A channel with both of its ends in one thread, on the fast path of both: what its client rings is a
 * function, which lets the server answer before the client looks. So nothing crosses between cores,
 * and nobody waits.
 *
 * @module
 */

import { Channel, ChannelClient, ChannelServer, type Client, Doorbell } from "@hako/ipc";
import type { Operations, Protocol, Waiter } from "@hako/ipc";
import { Adder } from "../../../ipc/bench/adder.ts";

/** The server's only life. */
const EPOCH = 1;

const NO_WINDOWS = { segmentOf: () => 0, segment: () => undefined };

/** Never sleeps and is never fenced. */
const NEVER_WAITS: Waiter = {
  sleepMsMax: 50,
  crowded: () => true,
  arrived: () => {},
  wakes: () => {},
  beginSleep: () => {},
  endSleep: () => {},
  check: () => {},
  nowMs: () => 0,
};

/** A channel and the operations of its core. */
export interface BareChannel {
  /** The channel; its `post` rings nobody. */
  readonly channel: Channel;
  /** The epoch that takes from it. */
  readonly epoch: number;
}

/** A fresh channel, whose posts ring a doorbell of their own as they do between two threads. */
export function bareChannel(): BareChannel {
  const { memory } = Channel.create(0, EPOCH);
  const { ring } = Doorbell.create().core;
  return { channel: new Channel(memory, { ring, index: 0 }), epoch: EPOCH };
}

/**
 * A channel whose posts are taken and completed before the client looks, and the core's own call of
 * it: with that what a call spends between its post and its look is known.
 */
export function answeredChannel(): Channel {
  const { memory, core } = Channel.create(0, EPOCH);
  let sequence = 0;
  const ring = () => {
    core.take(sequence, EPOCH);
    core.complete(sequence, EPOCH, 0);
    sequence = (sequence + 1) >>> 0;
  };
  return new Channel(memory, { ring, index: 0 });
}

/** A client whose every post is answered by `answer` before it looks. */
function clientAnsweredBy(memory: WebAssembly.Memory, answer: () => void): Client<typeof Adder> {
  const core = { ...Doorbell.create().core, ring: answer };
  const bell = { core, sleeps: false } as unknown as Doorbell;
  const server = { bell, index: 0, censusIndex: 0 };
  return new ChannelClient(Adder, memory, server, { waiter: NEVER_WAITS, windows: NO_WINDOWS });
}

/** A client of the real server: a call is all that both ends do. */
export function clientOfServer(): Client<typeof Adder> {
  const channel = Channel.create(0, EPOCH);
  const environment = { waiter: NEVER_WAITS, windows: NO_WINDOWS };
  const server = new ChannelServer(Doorbell.create(), environment);
  server.attach({
    channel,
    epoch: EPOCH,
    badge: 1,
    index: 0,
    protocol: Adder as unknown as Protocol<Operations>,
    censusIndex: 0,
    handlers: { add: ({ a, b }) => (a as number) + (b as number) },
  });
  return clientAnsweredBy(channel.memory, () => server.serve());
}

/** A client of a server that takes and completes, and does nothing in between. */
export function clientOfNothing(): Client<typeof Adder> {
  const { memory, core } = Channel.create(0, EPOCH);
  let sequence = 0;
  return clientAnsweredBy(memory, () => {
    core.take(sequence, EPOCH);
    core.complete(sequence, EPOCH, 0);
    sequence = (sequence + 1) >>> 0;
  });
}
