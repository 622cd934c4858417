/**
 * The thread that answers in `ringbuf.ts`: takes all the requests that are there.
 *
 * @module
 */

import { RingBuffer } from "ringbuf.js";
import { REQUEST_INTEGERS, RING_REQUESTS_MAX, type RingsSetup } from "./ringbuf.ts";
import { serveWith } from "./worker.ts";

serveWith((setup: RingsSetup) => {
  const requests = new RingBuffer(setup.requests, Int32Array);
  const replies = new RingBuffer(setup.replies, Int32Array);
  const taken = new Int32Array(RING_REQUESTS_MAX * REQUEST_INTEGERS);
  const sums = new Int32Array(RING_REQUESTS_MAX);
  const inBatches = setup.answers === "batch";
  while (true) {
    const integers = requests.pop(taken, taken.length);
    const count = integers / REQUEST_INTEGERS; // Both integers of a request are seen at once.
    for (let index = 0; index < count; index++) {
      sums[index] = taken[index * REQUEST_INTEGERS]! + taken[index * REQUEST_INTEGERS + 1]!;
      if (!inBatches) replies.push(sums, 1, index);
    }
    if (inBatches && count > 0) replies.push(sums, count);
  }
});
