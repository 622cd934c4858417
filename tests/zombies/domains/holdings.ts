/**
 * What an incarnation was given, taken from its boot message behind the runtime's back.
 *
 * @module
 */

import type { BootMessage, WorkerMessage } from "../../../kernel/messages.ts";

/** The boot message of this worker. Import this module before the runtime enters. */
export const bootMessage: Promise<BootMessage> = new Promise((resolve) => {
  globalThis.addEventListener("message", (event) => {
    const message = (event as MessageEvent<WorkerMessage>).data;
    if (message.type === "boot") resolve(message); // A spare may be told to rehearse before.
  });
});

/**
 * Every memory of which a successor is given another: keeps and what records its answers, windows of
 * its own, and channels in which it was the client.
 */
export function replacedMemories(boot: BootMessage): ArrayBufferLike[] {
  const own = new Set(Object.values(boot.windows));
  const log = (boot as { readonly log?: SharedArrayBuffer }).log;
  return [
    ...Object.values(boot.keeps),
    ...(log === undefined ? [] : [log]),
    ...boot.served.flatMap((grant) => sharedIn(grant)),
    ...boot.segments.filter(({ id }) => own.has(id)).map(({ buffer }) => buffer),
    ...boot.used.map(({ memory }) => memory.buffer),
  ];
}

function sharedIn(grant: object): SharedArrayBuffer[] {
  return Object.values(grant).filter((value) => value instanceof SharedArrayBuffer);
}
