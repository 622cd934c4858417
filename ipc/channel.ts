/**
 * A channel: the connection of one client to one endpoint, in one shared memory that outlives the
 * incarnations at both its ends.
 *
 * @module
 */

import { type Core, instantiateCore } from "./core/core.ts";
import { ERRNO } from "./errno.ts";
import { CHANNEL, CHANNEL_PAGES, PHASE, REPLY, SLOT } from "./layouts/channel.ts";
import { SLOT_COUNT } from "./limits.ts";

const CLOSED = CHANNEL.at.closed >> 2;
const CLIENT_BELL = CHANNEL.at.clientBell >> 2;
const CLIENT_SLEEPERS = CHANNEL.at.clientSleepers >> 2;
const FIRST_SLOT = CHANNEL.byteLength >> 2;
const SLOT_WORDS = SLOT.byteLength >> 2;

/** The phase in the low half of a state word. */
const PHASE_MASK = 7;

/** Word indexes within a slot. */
const REQUEST = SLOT.at.requestWords >> 2;
const OPERATION = SLOT.at.operation >> 2;
const REQUEST_PAYLOAD_BYTES = SLOT.at.requestPayloadBytes >> 2;
const REPLY_EVEN = SLOT.at.replyEven >> 2;
const REPLY_ODD = SLOT.at.replyOdd >> 2;
const REPLY_RESULT = REPLY.at.result >> 2;
const REPLY_PAYLOAD_BYTES = REPLY.at.payloadBytes >> 2;
const REPLY_FIELDS = REPLY.at.words >> 2;

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
   * @param ringServer The `ring` of the server's doorbell; who never posts may leave it out.
   */
  constructor(memory: WebAssembly.Memory, ringServer: () => void = () => {}) {
    this.memory = memory;
    this.core = instantiateCore(memory, ringServer);
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
    return channel;
  }

  /** The errno for which the kernel closed the channel, or 0. */
  get closed(): number {
    return Atomics.load(this.words, CLOSED);
  }

  /** Kernel: closes the channel for ever and wakes its client. */
  close(errno: number = ERRNO.EPIPE): void {
    Atomics.store(this.words, CLOSED, errno);
    this.core.ringClient();
  }

  /** How many requests are posted, taken, or answered and not yet reaped. */
  slotsInUse(): number {
    let count = 0;
    for (let index = 0; index < SLOT_COUNT; index++) {
      if ((this.words[slotWord(index)]! & PHASE_MASK) !== PHASE.FREE) count++;
    }
    return count;
  }

  /** The client's event count: how many answers (and calls of the kernel) there were. */
  get clientBell(): number {
    return Atomics.load(this.words, CLIENT_BELL);
  }

  /** Server: whether the client sleeps. A hint: read without order. */
  get clientSleeps(): boolean {
    return this.words[CLIENT_SLEEPERS]! !== 0;
  }

  /** Client: sleeps until a ring after `seen`, or for `timeoutMs`. Blocks the thread. */
  sleep(seen: number, timeoutMs: number): void {
    Atomics.add(this.words, CLIENT_SLEEPERS, 1);
    Atomics.wait(this.words, CLIENT_BELL, seen, timeoutMs);
    Atomics.sub(this.words, CLIENT_SLEEPERS, 1);
  }

  /** Client: like {@linkcode Channel.sleep}, returning to the event loop meanwhile. */
  async sleepAsync(seen: number, timeoutMs: number): Promise<void> {
    Atomics.add(this.words, CLIENT_SLEEPERS, 1);
    const outcome = Atomics.waitAsync(this.words, CLIENT_BELL, seen, timeoutMs);
    if (outcome.async) await outcome.value;
    Atomics.sub(this.words, CLIENT_SLEEPERS, 1);
  }
}

/** Index of the first word of a sequence's slot. */
export function slotWord(sequence: number): number {
  return FIRST_SLOT + (sequence & (SLOT_COUNT - 1)) * SLOT_WORDS;
}

/** Where one message lies: word indexes and the byte offset of its variable fields. */
export interface MessagePlace {
  /** Word index of the operation (a request) or the result (a reply). */
  head: number;
  /** Word index of the number of payload bytes. */
  payloadBytes: number;
  /** Word index of the first fixed field. */
  fields: number;
  /** Byte offset of the variable fields. */
  payload: number;
}

/** Fills `place` with where the request of a sequence lies. Hot path. */
export function placeRequest(sequence: number, place: MessagePlace): void {
  const slot = slotWord(sequence);
  place.head = slot + OPERATION;
  place.payloadBytes = slot + REQUEST_PAYLOAD_BYTES;
  place.fields = slot + REQUEST;
  place.payload = (slot << 2) + SLOT.at.requestPayload;
}

/** Fills `place` with where the reply of a sequence lies. Hot path. */
export function placeReply(sequence: number, odd: number, place: MessagePlace): void {
  const area = slotWord(sequence) + (odd === 0 ? REPLY_EVEN : REPLY_ODD);
  place.head = area + REPLY_RESULT;
  place.payloadBytes = area + REPLY_PAYLOAD_BYTES;
  place.fields = area + REPLY_FIELDS;
  place.payload = (area << 2) + REPLY.at.payload;
}
