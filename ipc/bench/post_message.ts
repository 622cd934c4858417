/**
 * The peer that every runtime has: `postMessage` to a worker and back.
 *
 * @module
 */

import type { Contestant } from "@hako/tools/bench";
import { startWorker } from "./worker.ts";

const MODULE = new URL("./post_message_worker.ts", import.meta.url);

/** One call after the other: an object with two integers there, a number back. */
export async function callingByMessage(): Promise<Contestant> {
  return await pipeliningByMessage(1);
}

/**
 * Up to `depth` requests in flight; a new one goes out as soon as an answer comes in. Answers come in
 * the order of the requests, so neither carries a number.
 */
export async function pipeliningByMessage(depth: number): Promise<Contestant> {
  const worker = await startWorker(MODULE, "begin");
  let unsent = 0;
  let unanswered = 0;
  let finish = () => {};
  worker.onmessage = () => {
    if (unsent > 0) {
      unsent--;
      worker.postMessage({ a: unsent, b: 1 });
    }
    if (--unanswered === 0) finish();
  };
  return {
    grain: depth === 1 ? 1 : depth * 16, // A batch begins and ends with fewer in flight.
    run(count) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const first = Math.min(depth, count);
      unsent = count - first;
      unanswered = count;
      finish = resolve;
      for (let index = 0; index < first; index++) worker.postMessage({ a: index, b: 1 });
      return promise;
    },
  };
}

/** Hands a buffer over and takes it back, by transfer: the runtime copies none of its bytes. */
export async function transferring(byteLength: number): Promise<Contestant> {
  const worker = await startWorker(MODULE, "begin");
  let buffer = new ArrayBuffer(byteLength);
  let unsent = 0;
  let finish = () => {};
  const send = () => {
    unsent--;
    new Uint32Array(buffer, 0, 1)[0] = unsent;
    worker.postMessage(buffer, [buffer]);
  };
  worker.onmessage = ({ data }: MessageEvent<ArrayBuffer>) => {
    buffer = data;
    if (unsent > 0) send();
    else finish();
  };
  return {
    run(count) {
      const { promise, resolve } = Promise.withResolvers<void>();
      unsent = count;
      finish = resolve;
      send();
      return promise;
    },
  };
}
