/**
 * The shared memory of one channel: a head, then the heads of 64 slots, then their bodies.
 *
 * ```text
 *      0  head      the client's bell; what the channel's owner says: closed, epoch, protocol
 *   1024  slot 0    line 0: state, operation, 5 request words, the short answers of both parities
 *                   line 1: 7 more request words
 *   1152  slot 1 ...
 *   9216  body 0    256 B request payload | 320 B rest of the even answer | 320 B of the odd one
 *  10112  body 1 ...
 * ```
 *
 * The slot with index `sequence & 63` holds the request of that sequence, so the order of posting
 * needs no ring: a server looks at one word to know whether the next request is there. A call of up
 * to five words whose answer has up to three touches a single cache line in each direction.
 *
 * @module
 */

import { bytes, defineLayout, i32, type Layout, type LayoutField, u32, u64 } from "../layout.ts";
import {
  NAME_BYTES_MAX,
  PAYLOAD_BYTES,
  READY_CHANNELS_MAX,
  REPLY_NEAR_WORDS,
  REPLY_WORDS,
  REQUEST_NEAR_WORDS,
  REQUEST_WORDS,
  SLOT_COUNT,
} from "../limits.ts";

/** The head of a channel. */
export const CHANNEL: Layout<{
  bell: LayoutField;
  bellReserved: LayoutField;
  closed: LayoutField;
  epoch: LayoutField;
  version: LayoutField;
  nameBytes: LayoutField;
  name: LayoutField;
  reserved: LayoutField;
}> = defineLayout("channel", { byteLength: 1024 }, {
  bell: u32, // The client's event count, as the doorbell's. At the same offset: one core serves both.
  bellReserved: bytes(60),
  closed: i32, // 0 while open, then an errno for ever. Written by the channel's owner alone.
  epoch: u32, // The incarnation to which the slots belong. Written by whoever fences, before.
  version: u32, // The protocol's version, from 1; 0 until a server has said what it speaks.
  nameBytes: u32, // Written before the version, as the name is; by the first server.
  name: bytes(NAME_BYTES_MAX),
  reserved: bytes(896),
});

/**
 * The head of one request and its answer.
 *
 * `state` alone moves a slot through its life, by compare-and-swap:
 * `sequence(32) | epoch(24) | again(1) at bit 4 | area(1) at bit 3 | phase(3)`. The epoch is that of the server
 * incarnation which may move the slot next; the fence raises it in every slot, and from then on each
 * step of an older incarnation fails. Request fields belong to the client while FREE or DONE and are
 * read by the server while TAKEN or CANCELLED; the answer of parity `epoch & 1` belongs to that
 * incarnation meanwhile, so a fenced one scribbles where its successor does not answer.
 */
export const SLOT: Layout<{
  state: LayoutField;
  operation: LayoutField;
  requestNear: LayoutField;
  replyEven: LayoutField;
  replyOdd: LayoutField;
  requestFar: LayoutField;
  taken: LayoutField;
  formerly: LayoutField;
  reserved: LayoutField;
}> = defineLayout("slot", { byteLength: 128 }, {
  state: u64,
  operation: u32, // Its code; with FORMER if the request has had a name before.
  requestNear: bytes(REQUEST_NEAR_WORDS * 4),
  replyEven: bytes(4 + REPLY_NEAR_WORDS * 4), // The result, a count or a negative errno; words.
  replyOdd: bytes(4 + REPLY_NEAR_WORDS * 4),
  requestFar: bytes((REQUEST_WORDS - REQUEST_NEAR_WORDS) * 4),
  taken: u32, // When, among all that its server took. Written by who took it; wraps. A hint.
  formerly: u32, // That name: counts only with FORMER. Written by the client, as the request is.
  reserved: bytes(28),
});

/** The bit of a slot's operation that says that its request is given again under an older name. */
export const FORMER = 0x8000_0000;

/** What does not fit in the head of a slot. Owned as the head's parts are. */
export const BODY: Layout<{
  request: LayoutField;
  replyEven: LayoutField;
  replyOdd: LayoutField;
}> = defineLayout("body", { byteLength: 896 }, {
  request: bytes(PAYLOAD_BYTES),
  replyEven: bytes(64 + PAYLOAD_BYTES),
  replyOdd: bytes(64 + PAYLOAD_BYTES),
});

/** The rest of one answer. */
export const REPLY: Layout<{ far: LayoutField; reserved: LayoutField; payload: LayoutField }> =
  defineLayout("reply", { byteLength: 64 + PAYLOAD_BYTES }, {
    far: bytes((REPLY_WORDS - REPLY_NEAR_WORDS) * 4),
    reserved: bytes(20),
    payload: bytes(PAYLOAD_BYTES),
  });

/** The phases of a slot, in the low three bits of its state word. */
export const PHASE = {
  /** The client may write the request of the word's sequence. */
  FREE: 0,
  /** The request waits for the server of the word's epoch. */
  POSTED: 1,
  /** The server of the word's epoch is at work on it. */
  TAKEN: 2,
  /** The answer lies in the parity of the word's area bit. The slot is its client's, as if FREE. */
  DONE: 3,
  /** The server is at work on it, and nobody waits for the answer. */
  CANCELLED: 4,
} as const;

/** The bits of a state word that hold its phase. */
export const PHASE_MASK = 7;

/** The bit of POSTED that says that an incarnation which has been fenced had taken the request. */
export const AGAIN = 16;

/** The bit of a bell that says that somebody may be asleep. */
export const ASLEEP = 1;

/** Byte offset of the first slot's head. */
export const SLOTS_AT: number = CHANNEL.byteLength;

/** Byte offset of the first slot's body. */
export const BODIES_AT: number = SLOTS_AT + SLOT_COUNT * SLOT.byteLength;

/** Pages of 64 KiB in the memory of a channel. */
export const CHANNEL_PAGES = Math.ceil((BODIES_AT + SLOT_COUNT * BODY.byteLength) / 65536);

/**
 * The doorbell of a serving domain: a memory of one page that all its clients share.
 *
 * `bell` is an event count whose lowest bit says that somebody may be asleep: sleepers set it, and
 * who rings while it is set adds one, which clears it, and notifies everybody. Nobody touches it
 * while everybody is awake, and nobody takes an announcement back, so a zombie can add a wake-up and
 * never take one away.
 */
export const DOORBELL: Layout<{
  bell: LayoutField;
  bellReserved: LayoutField;
  usesReady: LayoutField;
  channels: LayoutField;
  reserved: LayoutField;
  ready: LayoutField;
  census: LayoutField;
}> = defineLayout("doorbell", { byteLength: 512 }, {
  bell: u32, // Written by anyone; wraps.
  bellReserved: bytes(60),
  usesReady: u32, // 1 once the server has too many channels to look at each. Written by the server.
  channels: u32, // How many channels were made beside this bell, where nobody else counts them.
  reserved: bytes(56),
  ready: bytes(READY_CHANNELS_MAX / 8), // A bit per channel. Set by its client, cleared by the server.
  census: bytes(256), // Who is awake: the server, then its clients by index. See `census.ts`.
});
