/**
 * The thread that answers in `ringbuf.ts`, one request after the other.
 *
 * @module
 */

import { RingBuffer } from "ringbuf.js";
import { REQUEST_INTEGERS, type RingsSetup } from "./ringbuf.ts";
import { serveWith } from "./worker.ts";

serveWith((setup: RingsSetup) => {
  const requests = new RingBuffer(setup.requests, Int32Array);
  const replies = new RingBuffer(setup.replies, Int32Array);
  const request = new Int32Array(REQUEST_INTEGERS);
  const sum = new Int32Array(1);
  while (true) {
    if (requests.pop(request, REQUEST_INTEGERS) === 0) continue;
    sum[0] = request[0]! + request[1]!;
    replies.push(sum, 1);
  }
});
