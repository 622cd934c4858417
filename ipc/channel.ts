/**
 * A channel: the connection of one client to one endpoint, in one shared memory that outlives the
 * incarnations at both its ends.
 *
 * @module
 */

import { waitInEventLoop } from "./clock.ts";
import type { MessagePlace } from "./codec.ts";
import { type Core, instantiateCore, type Peer } from "./core/core.ts";
import { ERRNO } from "./errno.ts";
import {
  ASLEEP,
  BODIES_AT,
  BODY,
  CHANNEL,
  CHANNEL_PAGES,
  PHASE,
  PHASE_MASK,
  REPLY,
  SLOT,
  SLOTS_AT,
} from "./layouts/channel.ts";
import { SLOT_COUNT } from "./limits.ts";
import type { SpokenProtocol } from "./spoken_protocol.ts";

const BELL = CHANNEL.at.bell >> 2;
const CLOSED = CHANNEL.at.closed >> 2;
const EPOCH = CHANNEL.at.epoch >> 2;
const VERSION = CHANNEL.at.version >> 2;
const NAME_BYTES = CHANNEL.at.nameBytes >> 2;

/** The phases in which a request waits for its server or keeps it busy. */
const IN_USE: ReadonlySet<number> = new Set([PHASE.POSTED, PHASE.TAKEN, PHASE.CANCELLED]);

/** One channel, seen from whoever holds its memory. */
export class Channel {
  /** The shared memory: the channel itself. */
  readonly memory: WebAssembly.Memory;
  /** The steps on the slots. */
  readonly core: Core;
  /** The memory as words. */
  readonly words: Int32Array;
  /** The memory as bytes. */
  readonly bytes: Uint8Array;

  /**
   * Opens a channel.
   *
   * @param memory A memory that {@linkcode Channel.create} made.
   * @param peer Whom a post rings; who never posts may leave it out.
   */
  constructor(memory: WebAssembly.Memory, peer?: Peer) {
    this.memory = memory;
    this.core = instantiateCore(memory, peer);
    this.words = new Int32Array(memory.buffer);
    this.bytes = new Uint8Array(memory.buffer);
  }

  /**
   * A new channel, every slot free.
   *
   * @param firstSequence The sequence of the first request: a multiple of the number of slots.
   * @param serverEpoch The incarnation that may take from it.
   */
  static create(firstSequence: number, serverEpoch: number): Channel {
    const pages = CHANNEL_PAGES;
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    const channel = new Channel(memory);
    channel.core.initialise(firstSequence, serverEpoch);
    channel.words[EPOCH] = serverEpoch;
    return channel;
  }

  /** The errno for which the owner closed the channel, or 0. */
  get closed(): number {
    return Atomics.load(this.words, CLOSED);
  }

  /** Whether it is closed; may be late. Hot path: read without order. */
  get isClosed(): boolean {
    return this.words[CLOSED] !== 0;
  }

  /** Owner: closes the channel for ever and wakes its client. */
  close(errno: number = ERRNO.EPIPE): void {
    Atomics.store(this.words, CLOSED, errno);
    this.core.rouse();
  }

  /**
   * Owner: hands the channel to the server of `epoch`, unless it has been handed to a later one.
   * Closes it if its client keeps that from ending.
   */
  fence(epoch: number): void {
    this.#raiseEpoch(epoch);
    if (this.core.fence(epoch) < 0) this.close(ERRNO.EPROTO);
  }

  /** Raises the word: an owner that was taken for dead may come later than its successor. */
  #raiseEpoch(epoch: number): void {
    let seen = Atomics.load(this.words, EPOCH);
    while (seen >>> 0 < epoch) {
      const was = Atomics.compareExchange(this.words, EPOCH, seen, epoch);
      if (was === seen) return;
      seen = was;
    }
  }

  /** Who takes over by itself: the next epoch, which nobody else gets. */
  claimEpoch(): number {
    return (Atomics.add(this.words, EPOCH, 1) + 1) >>> 0;
  }

  /** The incarnation to which the slots belong, or are about to. Hot path: read without order. */
  get epoch(): number {
    return this.words[EPOCH]!;
  }

  /** What the server speaks; `undefined` until one has said it. A hostile client can change it. */
  get spoken(): SpokenProtocol | undefined {
    const version = Atomics.load(this.words, VERSION) >>> 0;
    if (version === 0) return undefined;
    const byteLength = Math.min(this.words[NAME_BYTES]! >>> 0, SLOTS_AT - CHANNEL.at.name);
    const name = this.bytes.slice(CHANNEL.at.name, CHANNEL.at.name + byteLength);
    return { name: new TextDecoder().decode(name), version };
  }

  /** Server: says what it speaks, and wakes a client that waits for that. */
  speak({ name, version }: SpokenProtocol): void {
    const source = new TextEncoder().encode(name);
    this.bytes.set(source, CHANNEL.at.name);
    this.words[NAME_BYTES] = source.byteLength;
    Atomics.store(this.words, VERSION, version);
    this.core.wake();
  }

  /** How many requests are posted, or keep a server busy. */
  slotsInUse(): number {
    let count = 0;
    for (let index = 0; index < SLOT_COUNT; index++) {
      if (IN_USE.has(this.words[slotWord(index)]! & PHASE_MASK)) count++;
    }
    return count;
  }

  /** Server: whether the client may be asleep. A hint: read without order. */
  get clientSleeps(): boolean {
    return (this.words[BELL]! & ASLEEP) !== 0;
  }

  /**
   * Client: sleeps while the bell is as {@linkcode Core.announce} said, returning to the event loop
   * meanwhile.
   */
  async waitAsync(announced: number, timeoutMs: number): Promise<void> {
    await waitInEventLoop(this.words, BELL, announced, timeoutMs);
  }
}

/** Index of the first word of a sequence's slot. */
export function slotWord(sequence: number): number {
  return (SLOTS_AT + (sequence & (SLOT_COUNT - 1)) * SLOT.byteLength) >> 2;
}

/** Word index of the operation's code in a slot. */
export const OPERATION: number = SLOT.at.operation >> 2;

/** Word index in a slot of the name that its request had in an earlier life of its client. */
export const FORMERLY: number = SLOT.at.formerly >> 2;

/** Word index in a slot of when its request was taken, among all that its server took. */
export const TAKEN_AT: number = SLOT.at.taken >> 2;

/** Byte offset of the body of a sequence's slot. */
function bodyAt(sequence: number): number {
  return BODIES_AT + (sequence & (SLOT_COUNT - 1)) * BODY.byteLength;
}

/** Fills `place` with where the request of a sequence lies. Hot path. */
export function placeRequest(sequence: number, place: MessagePlace): void {
  const slot = slotWord(sequence);
  place.near = slot + (SLOT.at.requestNear >> 2);
  place.far = slot + (SLOT.at.requestFar >> 2);
  place.payload = bodyAt(sequence) + BODY.at.request;
}

/** Fills `place` with where the reply of a sequence lies; its result is the word before. Hot path. */
export function placeReply(sequence: number, odd: number, place: MessagePlace): void {
  const slot = slotWord(sequence);
  const area = bodyAt(sequence) + (odd === 0 ? BODY.at.replyEven : BODY.at.replyOdd);
  place.near = slot + 1 + ((odd === 0 ? SLOT.at.replyEven : SLOT.at.replyOdd) >> 2);
  place.far = (area + REPLY.at.far) >> 2;
  place.payload = area + REPLY.at.payload;
}
