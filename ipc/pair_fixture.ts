/**
 * For tests: a client and a server of one channel in one thread, where each wait of the client lets
 * the server have a turn.
 *
 * @module
 */

import { Channel } from "./channel.ts";
import { ChannelClient } from "./channel_client.ts";
import type { WindowTable } from "./codec.ts";
import { Doorbell } from "./doorbell.ts";
import { OsError } from "./errno.ts";
import { bool, bytes, f64, i16, i32, i8, oneOf, u16, u32, u64, u8, utf8, window } from "./field.ts";
import { defineProtocol, type Operations, type Protocol } from "./protocol.ts";
import type { ServedChannel, UntypedHandler } from "./served_channel.ts";
import { ChannelServer } from "./server.ts";
import type { Waiter } from "./wait.ts";

/** Exported only so that the type of `Demo` is public. @internal */
export const operations = {
  echo: {
    code: 1,
    request: { a: u8, b: u16, c: u32, d: u64, e: i32, f: f64, g: bool },
    reply: { a: u8, b: u16, c: u32, d: u64, e: i32, f: f64, g: bool },
    errors: [],
    idempotent: true,
  },
  text: {
    code: 2,
    request: { raw: bytes(100), text: utf8(100) },
    reply: { raw: bytes(100), text: utf8(100) },
    errors: [],
    idempotent: true,
  },
  fill: {
    code: 3,
    request: { value: u8, target: window("write") },
    errors: ["EINVAL", "EFAULT"],
    idempotent: true,
  },
  number: { code: 4, request: { value: i32 }, errors: ["EIO"], idempotent: false },
  note: { code: 5, request: { value: i32 }, oneWay: true, errors: [], idempotent: false },
  later: { code: 6, request: { value: i32 }, errors: ["EIO"], idempotent: true },
  small: {
    code: 7,
    request: { a: i8, b: i16, whence: oneOf("start", "end") },
    reply: { whence: oneOf("start", "end") },
    errors: [],
    idempotent: true,
  },
} as const satisfies Operations;

/** A protocol with everything in it. */
export const Demo: Protocol<typeof operations> = defineProtocol("demo", 1, operations);

/** The one window of the tests: segment 7, of the client with badge 1. */
export const memory: Uint8Array = new Uint8Array(new SharedArrayBuffer(4096));

/** Knows that window. */
export const windows: WindowTable = {
  segmentOf: (buffer) => buffer === memory.buffer ? 7 : 0,
  segment: (id, badge) => id === 7 && badge === 1 ? memory : undefined,
};

/** A waiter that is never fenced and never spins; its clock stands still unless `nowMs` is given. */
export function plainWaiter(changes: Partial<Waiter> = {}): Waiter {
  return {
    sleepMsMax: 50,
    crowded: () => true,
    arrived: () => {},
    wakes: () => {},
    beginSleep: () => {},
    endSleep: () => {},
    check: () => {},
    nowMs: () => 0,
    ...changes,
  };
}

/** Both ends of a channel. */
export interface Pair {
  readonly channel: Channel;
  readonly bell: Doorbell;
  readonly server: ChannelServer;
  readonly served: ServedChannel;
  /** Whose waits are turns of the server. */
  readonly client: ChannelClient<typeof Demo>;
  /** What `number` and `note` have been called with. */
  readonly taken: number[];
  /** Promised by `later`, by value. */
  readonly promised: Map<number, PromiseWithResolvers<number>>;
}

/** A client of a channel, with a waiter of one's own. */
export function clientOf(channel: Channel, bell: Doorbell, waiter: Waiter) {
  const server = { bell, index: 0, censusIndex: 0 };
  return new ChannelClient(Demo, channel.memory, server, { waiter, windows });
}

/** Makes a server serve a channel of `Demo`. */
export function attach(
  server: ChannelServer,
  channel: Channel,
  handlers: Record<string, UntypedHandler>,
  { badge = 1, epoch = 1 }: { badge?: number; epoch?: number } = {},
): ServedChannel {
  const protocol = Demo as unknown as Protocol<Operations>;
  return server.attach({
    channel,
    epoch,
    badge,
    index: badge - 1,
    protocol,
    censusIndex: 0,
    handlers,
  });
}

/** A fresh pair. */
export function pair({ badge = 1, epoch = 1, firstSequence = 0, nowMs = () => 0 } = {}): Pair {
  const channel = Channel.create(firstSequence, epoch);
  const bell = Doorbell.create();
  const server = new ChannelServer(bell, { waiter: plainWaiter(), windows });
  const taken: number[] = [];
  const promised = new Map<number, PromiseWithResolvers<number>>();
  const handlers: Record<string, UntypedHandler> = {
    echo: (request) => request,
    text: (request) => request,
    small: ({ whence }) => ({ whence }),
    fill({ value, target }) {
      (target as Uint8Array).fill(value as number);
      return (target as Uint8Array).byteLength;
    },
    number({ value }) {
      taken.push(value as number);
      if (value === -1) throw new OsError("EIO", "try");
      return value;
    },
    note: ({ value }) => void taken.push(value as number),
    later({ value }) {
      const answer = Promise.withResolvers<number>();
      promised.set(value as number, answer);
      return answer.promise;
    },
  };
  const served = attach(server, channel, handlers, { badge, epoch });
  const waiter = plainWaiter({ sleepMsMax: 0, nowMs, beginSleep: () => void server.serve() });
  const client = clientOf(channel, bell, waiter);
  return { channel, bell, server, served, client, taken, promised };
}
