/**
 * Records calls as fast as it can until it is told to stop: each field of a record is known from
 * its badge.
 *
 * @module
 */

import { TraceRecorder } from "./recorder.ts";

interface Orders {
  readonly buffer: SharedArrayBuffer;
  readonly control: SharedArrayBuffer;
}

/** This worker's global scope; the build knows only the page's. */
const scope = globalThis as unknown as {
  onmessage: ((event: MessageEvent<Orders>) => void) | null;
};

scope.onmessage = ({ data: { buffer, control } }) => {
  const words = new Int32Array(control);
  const recorder = new TraceRecorder(buffer, 1);
  for (let badge = 0; Atomics.load(words, 1) === 0; badge = (badge + 1) & 0xffffff) {
    recorder.answered(badge, badge ^ 1, badge ^ 2, badge, badge + badge % 1_000, badge ^ 3);
    if (badge === 2_000 && Atomics.compareExchange(words, 0, 0, 1) === 0) Atomics.notify(words, 0);
  }
  Atomics.store(words, 0, 2);
  Atomics.notify(words, 0);
};
