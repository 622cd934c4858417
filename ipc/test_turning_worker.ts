/**
 * A worker that takes turns of its event loop, one after the other, until it has heard of something.
 *
 * @module
 */

import { nextTurn } from "./clock.ts";

const worker = globalThis as unknown as Worker;

let isTold = false;
worker.addEventListener("message", () => isTold = true);
worker.postMessage("turning");
while (!isTold) await nextTurn();

let isDue = false;
setTimeout(() => isDue = true, 1);
while (!isDue) await nextTurn();

await Promise.all([nextTurn(), nextTurn(), nextTurn()]);
worker.postMessage("done");
