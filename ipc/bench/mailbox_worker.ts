/**
 * The thread that answers in `mailbox.ts`.
 *
 * @module
 */

import { MAILBOX, type MailboxSetup } from "./mailbox.ts";
import { serveWith } from "./worker.ts";

const { REQUESTED, A, B, REPLIED, SUM } = MAILBOX;

serveWith(({ words, loop }: MailboxSetup) => {
  if (loop === "blocking") serve(words);
  else serveEvented(words);
});

function serve(words: Int32Array): never {
  for (let seen = 0;; seen++) {
    while (Atomics.load(words, REQUESTED) === seen) Atomics.wait(words, REQUESTED, seen);
    answer(words);
  }
}

async function serveEvented(words: Int32Array): Promise<never> {
  for (let seen = 0;; seen++) {
    const waiting = Atomics.waitAsync(words, REQUESTED, seen);
    if (waiting.async) await waiting.value;
    answer(words);
  }
}

function answer(words: Int32Array): void {
  words[SUM] = words[A]! + words[B]!;
  Atomics.add(words, REPLIED, 1);
  Atomics.notify(words, REPLIED);
}
