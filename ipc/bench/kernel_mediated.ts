/**
 * The baseline of Hako's first claim: a rendezvous through a kernel, as seL4 does it without its
 * fastpath. A call is four messages, client to kernel to server to kernel to client; the kernel and
 * the server are workers, and whoever waits for a message blocks in `Atomics.wait`.
 *
 * ```text
 * client --REQUEST--> kernel --FORWARDED--> server
 * client <--RETURNED-- kernel <--REPLY-- server
 * ```
 *
 * @module
 */

import type { Contestant } from "@hako/tools/bench";
import { sharedWords, startWorker } from "./worker.ts";

/** Where each of the four messages lies: a word that counts them, then two integers. */
export const HOP = { REQUEST: 0, FORWARDED: 32, REPLY: 64, RETURNED: 96 } as const;

/** What the kernel and the server are sent. */
export interface HopsSetup {
  /** The four messages. */
  readonly words: Int32Array<SharedArrayBuffer>;
  /** Who the worker is. */
  readonly role: "kernel" | "server";
}

const HOP_WORDS = 128;

/** One call after the other. */
export async function callingThroughKernel(): Promise<Contestant> {
  const words = sharedWords(HOP_WORDS);
  for (const role of ["server", "kernel"] as const) {
    const setup: HopsSetup = { words, role };
    await startWorker(new URL("./kernel_mediated_worker.ts", import.meta.url), setup);
  }
  let calls = 0;
  return {
    run(count) {
      for (let index = 0; index < count; index++) {
        send(words, HOP.REQUEST, index, 1);
        blockUntil(words, HOP.RETURNED, calls++);
        if (words[HOP.RETURNED + 1] !== index + 1) throw new Error("Cannot go on: a wrong sum");
      }
    },
  };
}

/** Puts a message where `hop` says, and wakes whoever waits for it. */
export function send(words: Int32Array, hop: number, first: number, second: number): void {
  words[hop + 1] = first;
  words[hop + 2] = second;
  Atomics.add(words, hop, 1);
  Atomics.notify(words, hop);
}

/** Blocks until there were more than `seen` messages where `hop` says. */
export function blockUntil(words: Int32Array, hop: number, seen: number): void {
  while (Atomics.load(words, hop) === seen) Atomics.wait(words, hop, seen);
}
