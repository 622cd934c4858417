/**
 * The shared memory of one channel: a head, then 64 slots.
 *
 * ```text
 *      0  head     bell words of the client, the word by which the kernel closes the channel
 *   1024  slot 0   64 B state and request words | 256 B request payload
 *                  320 B reply area of even epochs | 320 B reply area of odd epochs | reserved
 *   2048  slot 1 ...
 * ```
 *
 * The slot with index `sequence & 63` holds the request of that sequence, so the order of posting
 * needs no ring: a server looks at one word to know whether the next request is there.
 *
 * @module
 */

import { bytes, defineLayout, i32, type Layout, type LayoutField, u32, u64 } from "../layout.ts";
import { PAYLOAD_BYTES, REPLY_WORDS, REQUEST_WORDS, SLOT_COUNT } from "../limits.ts";

/** The head of a channel. */
export const CHANNEL: Layout<{
  clientBell: LayoutField;
  clientSleepers: LayoutField;
  bellReserved: LayoutField;
  closed: LayoutField;
  closedReserved: LayoutField;
}> = defineLayout("channel", { byteLength: 1024 }, {
  clientBell: u32, // Counts completions. Written by the server, in any state; wraps.
  clientSleepers: u32, // How many wait on the bell. Written by the client; too many costs a wake-up.
  bellReserved: bytes(56),
  closed: i32, // 0 while open, then an errno for ever. Written by the kernel alone.
  closedReserved: bytes(956),
});

/**
 * One request and its answer.
 *
 * `state` alone moves a slot through its life, by compare-and-swap:
 * `sequence(32) | epoch(24) | area(1) at bit 3 | phase(3)`. The epoch is that of the server
 * incarnation which may move the slot next; the kernel's fence rewrites it in every slot, and from
 * then on each step of an older incarnation fails. Request fields belong to the client while FREE
 * and are read by the server while TAKEN; the reply area of parity `epoch & 1` belongs to that
 * incarnation while TAKEN, so a fenced one scribbles where its successor does not answer.
 */
export const SLOT: Layout<{
  state: LayoutField;
  operation: LayoutField;
  requestPayloadBytes: LayoutField;
  requestWords: LayoutField;
  requestPayload: LayoutField;
  replyEven: LayoutField;
  replyOdd: LayoutField;
  reserved: LayoutField;
}> = defineLayout("slot", { byteLength: 1024 }, {
  state: u64,
  operation: u32,
  requestPayloadBytes: u32,
  requestWords: bytes(REQUEST_WORDS * 4),
  requestPayload: bytes(PAYLOAD_BYTES),
  replyEven: bytes(64 + PAYLOAD_BYTES),
  replyOdd: bytes(64 + PAYLOAD_BYTES),
  reserved: bytes(64),
});

/** One reply area. */
export const REPLY: Layout<{
  result: LayoutField;
  payloadBytes: LayoutField;
  words: LayoutField;
  payload: LayoutField;
}> = defineLayout("reply", { byteLength: 64 + PAYLOAD_BYTES }, {
  result: i32, // A count, or a negative errno.
  payloadBytes: u32,
  words: bytes(REPLY_WORDS * 4),
  payload: bytes(PAYLOAD_BYTES),
});

/** The phases of a slot, in the low three bits of its state word. */
export const PHASE = {
  /** The client may write a request. */
  FREE: 0,
  /** The request waits for the server of the word's epoch. */
  POSTED: 1,
  /** The server of the word's epoch is at work on it. */
  TAKEN: 2,
  /** The answer waits for the client, in the reply area of the word's area bit. */
  DONE: 3,
} as const;

/** Pages of 64 KiB in the memory of a channel. */
export const CHANNEL_PAGES = Math.ceil((CHANNEL.byteLength + SLOT_COUNT * SLOT.byteLength) / 65536);

/** The doorbell of a serving domain: a memory of one page that all its clients share. */
export const DOORBELL: Layout<{ bell: LayoutField; sleepers: LayoutField; reserved: LayoutField }> =
  defineLayout("doorbell", { byteLength: 64 }, {
    bell: u32, // Counts posts and the kernel's calls. Written by anyone; wraps.
    sleepers: u32, // How many wait on the bell. Written by the domain.
    reserved: bytes(56),
  });
