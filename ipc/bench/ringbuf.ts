/**
 * The peer ringbuf.js: one ring for requests and one for replies, both ends spinning. A request is
 * two integers, a reply is one, and no object is made for either.
 *
 * @module
 */

import { RingBuffer } from "ringbuf.js";
import type { Contestant } from "@hako/tools/bench";
import { startWorker } from "./worker.ts";

/** What the thread that answers is sent. */
export interface RingsSetup {
  /** The memory of the ring for requests. */
  readonly requests: SharedArrayBuffer;
  /** The memory of the ring for replies. */
  readonly replies: SharedArrayBuffer;
}

/** Integers in a request. */
export const REQUEST_INTEGERS = 2;

/** Most requests in a ring: more than any row has in flight. */
export const RING_REQUESTS_MAX = 64;

interface Rings {
  readonly requests: RingBuffer;
  readonly replies: RingBuffer;
}

/** One call after the other. */
export async function callingRings(): Promise<Contestant> {
  const { requests, replies } = await startRings();
  const request = new Int32Array(REQUEST_INTEGERS);
  const reply = new Int32Array(1);
  return {
    run(count) {
      for (let index = 0; index < count; index++) {
        pushRequest(requests, request, index);
        while (replies.pop(reply, 1) === 0);
        check(reply[0]!, index);
      }
    },
  };
}

/**
 * Up to `depth` requests in flight, each a message of its own: pushed by itself, taken by itself, and
 * so is its reply, since only the reader of a message knows where it ends. (Messages of one size can
 * be taken all at once, as one stream of integers: about a third of the time.)
 */
export async function pipeliningRings(depth: number): Promise<Contestant> {
  const { requests, replies } = await startRings();
  const request = new Int32Array(REQUEST_INTEGERS);
  const sum = new Int32Array(1);
  return {
    grain: depth * 16, // A batch begins and ends with fewer in flight.
    run(count) {
      let sent = 0;
      let answered = 0;
      while (answered < count) {
        while (sent < count && sent - answered < depth) pushRequest(requests, request, sent++);
        while (replies.pop(sum, 1) === 1) check(sum[0]!, answered++);
      }
    },
  };
}

async function startRings(): Promise<Rings> {
  const integers = RING_REQUESTS_MAX * REQUEST_INTEGERS;
  const setup: RingsSetup = {
    requests: RingBuffer.getStorageForCapacity(integers, Int32Array),
    replies: RingBuffer.getStorageForCapacity(integers, Int32Array),
  };
  await startWorker(new URL("./ringbuf_worker.ts", import.meta.url), setup);
  return {
    requests: new RingBuffer(setup.requests, Int32Array),
    replies: new RingBuffer(setup.replies, Int32Array),
  };
}

function pushRequest(requests: RingBuffer, request: Int32Array, index: number): void {
  request[0] = index;
  request[1] = 1;
  requests.push(request, REQUEST_INTEGERS);
}

function check(sum: number, index: number): void {
  if (sum !== index + 1) throw new Error("Cannot go on: a wrong sum");
}
