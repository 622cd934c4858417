/**
 * The peer that one writes oneself: a mailbox in shared memory with room for one request, on whose
 * words both sides wait. It knows no crash, no second request, no type and no time limit.
 *
 * @module
 */

import type { Contestant } from "@hako/tools/bench";
import { WARM_CALLS } from "./adder.ts";
import { sharedWords, startWorker } from "./worker.ts";

/** Word indexes. The two halves lie on cache lines of their own. */
export const MAILBOX = {
  /** How many requests were put in. */
  REQUESTED: 0,
  /** The two integers of the request. */
  A: 1,
  B: 2,
  /** How many replies were put in. */
  REPLIED: 32,
  /** The integer of the reply. */
  SUM: 33,
} as const;

/** What the thread that answers is sent. */
export interface MailboxSetup {
  /** The mailbox. */
  readonly words: Int32Array<SharedArrayBuffer>;
  /** Whether the thread blocks or leaves its event loop free. */
  readonly loop: "blocking" | "evented";
}

const { REQUESTED, A, B, REPLIED, SUM } = MAILBOX;

const MAILBOX_WORDS = 64;

/**
 * One call after the other, each after a pause in which the other thread falls asleep; both threads
 * block in `Atomics.wait`. The code is warm.
 *
 * @param pause Sleeps.
 */
export async function callingParked(pause: () => void): Promise<Contestant> {
  return { ...await callingBlocked(), rest: pause };
}

/** One call after the other; both threads block in `Atomics.wait`. The code is warm. */
export async function callingBlocked(): Promise<Contestant> {
  const words = await startMailbox("blocking");
  const run = (count: number): void => {
    for (let index = 0; index < count; index++) {
      const seen = Atomics.load(words, REPLIED);
      put(words, index);
      while (Atomics.load(words, REPLIED) === seen) Atomics.wait(words, REPLIED, seen);
      check(words, index);
    }
  };
  run(WARM_CALLS / 10); // Each of them waits.
  return { run };
}

/** One call after the other, from an event loop to an event loop, by `Atomics.waitAsync`. */
export async function callingEvented(): Promise<Contestant> {
  const words = await startMailbox("evented");
  return {
    async run(count) {
      for (let index = 0; index < count; index++) {
        const seen = Atomics.load(words, REPLIED);
        put(words, index);
        const waiting = Atomics.waitAsync(words, REPLIED, seen);
        if (waiting.async) await waiting.value;
        check(words, index);
      }
    },
  };
}

async function startMailbox(loop: MailboxSetup["loop"]): Promise<Int32Array<SharedArrayBuffer>> {
  const setup: MailboxSetup = { words: sharedWords(MAILBOX_WORDS), loop };
  await startWorker(new URL("./mailbox_worker.ts", import.meta.url), setup);
  return setup.words;
}

function put(words: Int32Array, index: number): void {
  words[A] = index;
  words[B] = 1;
  Atomics.add(words, REQUESTED, 1);
  Atomics.notify(words, REQUESTED);
}

function check(words: Int32Array, index: number): void {
  if (words[SUM] !== index + 1) throw new Error("Cannot go on: a wrong sum");
}
