/**
 * The kernel and the server in `kernel_mediated.ts`.
 *
 * @module
 */

import { blockUntil, HOP, type HopsSetup, send } from "./kernel_mediated.ts";
import { serveWith } from "./worker.ts";

serveWith(({ words, role }: HopsSetup) => {
  if (role === "kernel") mediate(words);
  else serve(words);
});

function mediate(words: Int32Array): never {
  for (let calls = 0;; calls++) {
    pass(words, HOP.REQUEST, HOP.FORWARDED, calls);
    pass(words, HOP.REPLY, HOP.RETURNED, calls);
  }
}

/** Waits for a message and passes it on. */
function pass(words: Int32Array, from: number, to: number, seen: number): void {
  blockUntil(words, from, seen);
  send(words, to, words[from + 1]!, words[from + 2]!);
}

function serve(words: Int32Array): never {
  for (let calls = 0;; calls++) {
    blockUntil(words, HOP.FORWARDED, calls);
    send(words, HOP.REPLY, words[HOP.FORWARDED + 1]! + words[HOP.FORWARDED + 2]!, 0);
  }
}
