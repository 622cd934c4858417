/**
 * Calls by the core alone, between two threads: no words are written, nobody decodes. What they take
 * beyond the core's steps is the way of the lines.
 *
 * @module
 */

import { Channel, Doorbell } from "@hako/ipc";
import { startWorker } from "../../../ipc/bench/worker.ts";
import { FIRST_LOOKS, SPIN_LOOKS } from "../../../ipc/limits.ts";
import { nsPerOperation } from "./batches.ts";

const EPOCH = 1;

const WARM_CALLS = 200_000;

/** Calls of a batch. */
const CALLS = 5_000;

/** Nanoseconds of such a call. */
export async function measureCoreCalls(): Promise<number> {
  const { memory } = Channel.create(0, EPOCH);
  const { ring } = Doorbell.create().core;
  const { core } = new Channel(memory, { ring, index: 0 });
  await startWorker(new URL("./core_calls_worker.ts", import.meta.url), memory);
  let sequence = 0;
  const run = (count: number) => {
    for (let i = 0; i < count; i++) {
      let area = core.call(sequence, FIRST_LOOKS);
      if (area < 0) throw new Error("Cannot go on: the slot is not free");
      while (area === 0) area = core.spin(sequence, SPIN_LOOKS);
      sequence = (sequence + 1) >>> 0;
    }
  };
  run(WARM_CALLS);
  return nsPerOperation(CALLS, run);
}

/** The other thread: takes and completes for ever. */
export function answerCoreCalls(memory: WebAssembly.Memory): never {
  const { core } = new Channel(memory);
  for (let sequence = 0;; sequence = (sequence + 1) >>> 0) {
    while (core.spinTake(sequence, EPOCH, SPIN_LOOKS) !== 1);
    core.complete(sequence, EPOCH, 0);
  }
}
