/**
 * A worker thread that serves.
 *
 * @module
 */

import { workerData } from "node:worker_threads";
import { type ChannelMemory, ERRNO, OsError, serve, serveSync, type SyncHandlers } from "@hako/ipc";
import { type operations, Thing } from "./thing.ts";

/** What a thread is started with. */
export interface ServerData {
  /** What it serves. */
  readonly channels: readonly ChannelMemory[];
  /** How: in its event loop, or in place. */
  readonly how: "serve" | "serveSync";
  /** A word that says that a request was taken and is never answered, if there is to be one. */
  readonly stuck?: Int32Array;
}

const { channels, how, stuck }: ServerData = workerData;

const handlers: SyncHandlers<typeof operations> = {
  add({ a, b }) {
    if (stuck !== undefined) {
      Atomics.store(stuck, 0, 1);
      Atomics.notify(stuck, 0);
      for (;;);
    }
    if (a + b > 0x7fff_ffff) throw new OsError("EOVERFLOW", "add");
    return a + b;
  },
  greet: ({ name }, { badge }) => ({ text: `hello, ${name}`, badge }),
  fill({ value, target }) {
    target.fill(value);
    return target.byteLength;
  },
  note({ by, total }) {
    total[0]! += by;
  },
  later: () => -ERRNO.EOPNOTSUPP, // Only an event loop can wait.
};

/** Answered when its time has come. */
function later({ ms }: { readonly ms: number }): Promise<number> {
  return new Promise((resolve) => setTimeout(resolve, ms, ms));
}

if (how === "serveSync") serveSync(Thing, channels, handlers);
else await serve(Thing, channels, { ...handlers, later });
