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
  /** Whether each reply can be seen as soon as it is there, or only with those of its batch. */
  readonly answers: "each" | "batch";
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
  const { requests, replies } = await startRings("each");
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
 * Up to `depth` requests in flight, each with a life of its own: pushed by itself, and its reply too.
 * Both sides take all that is there at once.
 */
export async function pipeliningRings(depth: number): Promise<Contestant> {
  const { requests, replies } = await startRings("each");
  const request = new Int32Array(REQUEST_INTEGERS);
  const sums = new Int32Array(depth);
  return {
    grain: depth * 16, // A batch begins and ends with fewer in flight.
    run(count) {
      let sent = 0;
      let answered = 0;
      while (answered < count) {
        while (sent < count && sent - answered < depth) pushRequest(requests, request, sent++);
        const taken = replies.pop(sums, depth);
        if (taken > 0) check(sums[0]!, answered);
        answered += taken;
      }
    },
  };
}

/**
 * `depth` requests as one stream of integers, pushed at once, answered at once: what the ring is best
 * at. No request is there, or answered, before the others are.
 */
export async function batchingRings(depth: number): Promise<Contestant> {
  const { requests, replies } = await startRings("batch");
  const batch = new Int32Array(depth * REQUEST_INTEGERS);
  const sums = new Int32Array(depth);
  return {
    grain: depth,
    run(count) {
      for (let done = 0; done < count; done += depth) {
        for (let index = 0; index < depth; index++) {
          batch[index * REQUEST_INTEGERS] = index;
          batch[index * REQUEST_INTEGERS + 1] = 1;
        }
        requests.push(batch, batch.length);
        let filled = 0;
        while (filled < depth) filled += replies.pop(sums, depth - filled, filled);
        check(sums[depth - 1]!, depth - 1);
      }
    },
  };
}

async function startRings(answers: RingsSetup["answers"]): Promise<Rings> {
  const integers = RING_REQUESTS_MAX * REQUEST_INTEGERS;
  const setup: RingsSetup = {
    requests: RingBuffer.getStorageForCapacity(integers, Int32Array),
    replies: RingBuffer.getStorageForCapacity(integers, Int32Array),
    answers,
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
