/**
 * Channels between any two workers, without a kernel: whoever creates one hands it to both ends.
 *
 * A server that ends, in the middle of a request or not, is replaced by serving the same channel
 * again, in any worker: the new one fences the old one and finds every request; of several, the last
 * to begin. Nobody watches the server here: supervision, least permissions, and windows that are
 * taken back, are what `@hako/kernel` adds.
 *
 * @module
 */

import { Channel } from "./channel.ts";
import { ChannelClient } from "./channel_client.ts";
import type { Client } from "./client.ts";
import type { WindowTable } from "./codec.ts";
import { Doorbell } from "./doorbell.ts";
import { ERRNO, errnoName, OsError } from "./errno.ts";
import { DOORBELL } from "./layouts/channel.ts";
import { EPOCH_MAX } from "./limits.ts";
import { serveBlocking, serveEvented, type Serving } from "./loop.ts";
import type { Handlers, Operations, OperationsOf, Protocol, SyncHandlers } from "./protocol.ts";
import type { ServedChannel, UntypedHandler } from "./served_channel.ts";
import { ChannelServer } from "./server.ts";
import { mismatch } from "./spoken_protocol.ts";
import { LoneWaiter } from "./wait.ts";

/** A channel as it is posted from worker to worker: shared memories, and where it belongs. */
export interface ChannelMemory {
  /** The slots. */
  readonly memory: WebAssembly.Memory;
  /** What the client rings. Channels of one server share it. */
  readonly bell: WebAssembly.Memory;
  /** Names the bell, since two objects for one memory are not equal. */
  readonly bellId: string;
  /** The channel's number at that bell, from 0. */
  readonly index: number;
  /** Memory that requests may name by `window` fields. */
  readonly windows: readonly SharedArrayBuffer[];
}

/** What a channel is made with. */
export interface ChannelOptions {
  /** Another channel of the same server: a server serves several only if they share its bell. */
  readonly beside?: ChannelMemory;
  /** Memory that requests may name: the client's buffers, which the server uses in place. */
  readonly windows?: readonly SharedArrayBuffer[];
}

/** How to connect. */
export interface ConnectOptions {
  /** How long to wait for a server. None: for ever. */
  readonly timeoutMs?: number;
}

/**
 * Makes a channel, to be posted to the worker that serves it and used, or posted, by its one client.
 *
 * @example
 * ```ts
 * import { createChannel } from "@hako/ipc";
 *
 * const first = createChannel();
 * const second = createChannel({ beside: first }); // Another client of the same server.
 * if (second.index !== 1) throw new Error("not beside the first");
 * ```
 */
export function createChannel({ beside, windows = [] }: ChannelOptions = {}): ChannelMemory {
  const bell = beside === undefined ? Doorbell.create() : new Doorbell(beside.bell);
  const { memory } = Channel.create(0, 0);
  const bellId = beside?.bellId ?? crypto.randomUUID();
  return { memory, bell: bell.memory, bellId, index: bell.addChannel(), windows };
}

/**
 * Connects to the server of a channel, as its one client. Resolves when a server speaks.
 *
 * @throws {OsError} `EPROTONOSUPPORT` if it speaks another protocol or version; `ETIMEDOUT`; `EPIPE`
 * if the channel was closed.
 *
 * @example
 * ```ts
 * import { closeChannel, connect, createChannel, defineProtocol, i32, serve } from "@hako/ipc";
 *
 * const Adder = defineProtocol("adder", 1, {
 *   add: { code: 1, request: { a: i32, b: i32 }, errors: [], idempotent: true },
 * });
 * const channel = createChannel();
 * const served = serve(Adder, channel, { add: ({ a, b }) => a + b }); // Usually in a worker.
 * const adder = await connect(Adder, channel);
 * if (await adder.call("add", { a: 1, b: 2 }) !== 3) throw new Error("wrong sum");
 * closeChannel(channel);
 * await served;
 * ```
 */
export async function connect<P extends Protocol<Operations>>(
  protocol: P,
  { memory, bell, index, windows }: ChannelMemory,
  { timeoutMs = Infinity }: ConnectOptions = {},
): Promise<Client<P>> {
  const channel = new Channel(memory);
  const waiter = new LoneWaiter(censusOf(bell), index + 1);
  const deadlineMs = waiter.nowMs() + timeoutMs;
  for (;;) {
    const announced = channel.core.announce();
    if (channel.closed !== 0) {
      throw new OsError(errnoName(channel.closed) ?? "EPIPE", `connect to ${protocol.name}`);
    }
    const spoken = channel.spoken;
    if (spoken !== undefined) {
      const wrong = mismatch(protocol, spoken, "to a server");
      if (wrong !== undefined) throw new OsError("EPROTONOSUPPORT", wrong);
      break;
    }
    const leftMs = deadlineMs - waiter.nowMs();
    if (leftMs <= 0) {
      throw new OsError("ETIMEDOUT", `connect to ${protocol.name}: nobody serves it`);
    }
    await channel.waitAsync(announced, Math.min(waiter.sleepMsMax, Math.ceil(leftMs)));
  }
  const server = { bell: new Doorbell(bell), index, censusIndex: 0 };
  return new ChannelClient(protocol, memory, server, {
    waiter,
    windows: new SharedWindows(windows),
  });
}

/**
 * Serves channels from the event loop of this worker, whose promises and timers go on: it keeps the
 * thread for 2 ms at most at a time, while requests come. Takes over from whoever served them before.
 * Resolves when all are closed, or taken over by another.
 *
 * Clients that speak another protocol or version to the predecessor are refused with
 * `EPROTONOSUPPORT`.
 *
 * @throws {OsError} `EPROTONOSUPPORT` if all of them do.
 * @throws {TypeError} If the channels do not share one bell.
 * @throws What a handler threw that is no {@linkcode OsError}: its request waits for a successor.
 */
export async function serve<P extends Protocol<Operations>>(
  protocol: P,
  channels: ChannelMemory | readonly ChannelMemory[],
  handlers: Handlers<OperationsOf<P>>,
): Promise<void> {
  const service = new Service(protocol, channels, handlers);
  service.server.resume(() => {});
  await serveEvented(service.server, service);
}

/**
 * Like {@linkcode serve}, but keeps the thread and returns when it is over: the fastest to wake.
 * Handlers may not return promises, and a busy worker cannot be terminated: close its channels.
 */
export function serveSync<P extends Protocol<Operations>>(
  protocol: P,
  channels: ChannelMemory | readonly ChannelMemory[],
  handlers: SyncHandlers<OperationsOf<P>>,
): void {
  const service = new Service(protocol, channels, handlers);
  service.server.resume(() => {});
  serveBlocking(service.server, service);
}

/** Closes a channel for ever: its client's calls fail with `EPIPE`, its server lets go of it. */
export function closeChannel({ memory, bell }: ChannelMemory): void {
  new Channel(memory).close(ERRNO.EPIPE);
  new Doorbell(bell).ring();
}

/** One incarnation that serves channels by itself. */
class Service implements Serving {
  readonly server: ChannelServer;
  #refused: OsError | undefined;

  constructor(
    protocol: Protocol<Operations>,
    channels: ChannelMemory | readonly ChannelMemory[],
    handlers: object,
  ) {
    const memories = (Array.isArray(channels) ? channels : [channels]) as ChannelMemory[];
    const [first, ...others] = memories;
    if (first === undefined) throw new TypeError("Cannot serve no channel");
    const bell = new Doorbell(first.bell);
    if (!others.every(({ bellId }) => bellId === first.bellId)) {
      throw new TypeError("Cannot serve these channels: make them beside each other, for one bell");
    }
    const windows = new ClientWindows(memories);
    const environment = { waiter: new LoneWaiter(censusOf(bell.memory), 0), windows };
    this.server = new ChannelServer(bell, environment);
    for (const memory of memories) {
      this.#takeOver(protocol, memory, handlers as Record<string, UntypedHandler>);
    }
    if (this.server.channels.length === 0 && this.#refused !== undefined) throw this.#refused;
    this.server.bell.ring(); // A predecessor that sleeps finds that it was fenced.
  }

  #takeOver(
    protocol: Protocol<Operations>,
    { memory, index }: ChannelMemory,
    handlers: Readonly<Record<string, UntypedHandler>>,
  ): void {
    const channel = new Channel(memory);
    const epoch = channel.claimEpoch();
    const refused = refusal(protocol, channel, epoch);
    if (refused !== undefined) {
      // Its client speaks to the predecessor, or has written garbage: that is its own loss.
      this.#refused = refused;
      return channel.close(refused.errno);
    }
    if (channel.core.fence(epoch) < 0) return channel.close(ERRNO.EPROTO);
    const badge = index + 1;
    this.server.attach({
      channel,
      epoch,
      badge,
      index,
      protocol,
      censusIndex: badge,
      handlers,
    });
    channel.speak(protocol);
  }

  proceed(): boolean {
    const { channels } = this.server;
    for (let i = channels.length - 1; i >= 0; i--) {
      if (isOver(channels[i]!)) this.server.detach(channels[i]!);
    }
    return channels.length > 0;
  }

  progressed(): void {}
}

function isOver({ accepted: { channel, epoch } }: ServedChannel): boolean {
  return channel.epoch !== epoch || channel.isClosed;
}

function refusal(
  protocol: Protocol<Operations>,
  { spoken }: Channel,
  epoch: number,
): OsError | undefined {
  if (epoch > EPOCH_MAX) {
    return new OsError("EOVERFLOW", `serve ${protocol.name}: ${EPOCH_MAX} servers before it`);
  }
  const wrong = spoken && mismatch(protocol, spoken, "to a client");
  return wrong === undefined ? undefined : new OsError("EPROTONOSUPPORT", wrong);
}

/** Who is awake around one bell: its server, then its clients. */
function censusOf(bell: WebAssembly.Memory): Int32Array {
  const words = (DOORBELL.byteLength - DOORBELL.at.census) >> 2;
  return new Int32Array(bell.buffer, DOORBELL.at.census, words);
}

/** The windows of one channel, as its client sees them. */
class SharedWindows implements WindowTable {
  readonly #buffers: readonly SharedArrayBuffer[];

  constructor(buffers: readonly SharedArrayBuffer[]) {
    this.#buffers = buffers;
  }

  segmentOf(buffer: ArrayBufferLike): number {
    return this.#buffers.indexOf(buffer as SharedArrayBuffer) + 1;
  }

  segment(segment: number): Uint8Array | undefined {
    const buffer = this.#buffers[segment - 1];
    return buffer === undefined ? undefined : new Uint8Array(buffer);
  }
}

/** The windows of all channels of a server: each client names its own. */
class ClientWindows implements WindowTable {
  readonly #byBadge: ReadonlyMap<number, SharedWindows>;

  constructor(channels: readonly ChannelMemory[]) {
    this.#byBadge = new Map(
      channels.map(({ index, windows }) => [index + 1, new SharedWindows(windows)]),
    );
  }

  segmentOf(): number {
    return 0; // A server names no window to its clients.
  }

  segment(segment: number, badge: number): Uint8Array | undefined {
    return this.#byBadge.get(badge)?.segment(segment);
  }
}
