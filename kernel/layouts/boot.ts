/**
 * The boot memory of an incarnation: the few words that it shares with whoever keeps it alive, the
 * kernel with a domain, and the machine with the kernel.
 *
 * @module
 */

import { bytes, defineLayout, i32, type Layout, type LayoutField, u32 } from "@hako/ipc/layout";

/** Bytes for the reason of an exit. */
export const EXIT_TEXT_BYTES = 960;

/** One incarnation's boot memory. */
export const BOOT: Layout<{
  fence: LayoutField;
  activity: LayoutField;
  heartbeat: LayoutField;
  control: LayoutField;
  exit: LayoutField;
  exitTextBytes: LayoutField;
  reserved: LayoutField;
  progress: LayoutField;
  said: LayoutField;
  spare: LayoutField;
  exitText: LayoutField;
}> = defineLayout("boot", { byteLength: 1024 }, {
  fence: i32, // 0 while the incarnation is the one; 1 for ever after. Written by the kernel.
  activity: i32, // An ACTIVITY. See there for who moves it.
  heartbeat: u32, // Counts waits and turns. Written by the domain; wraps.
  control: u32, // Counts control messages. Written by the kernel; wraps.
  exit: i32, // 0 while alive, then an EXIT. Written by the domain.
  exitTextBytes: u32,
  reserved: bytes(8),
  progress: bytes(16), // What a ChannelServer says of the request in its handler. By the domain.
  said: i32, // A SAID. By the domain, before it tells the kernel, which may die over the message.
  spare: bytes(12),
  exitText: bytes(EXIT_TEXT_BYTES), // UTF-8. Published by `exit`.
});

/**
 * What an incarnation is doing. Its worker finds ASLEEP when it begins. It moves itself between
 * ASLEEP and AWAKE by compare-and-swap; the kernel moves a fenced one from ASLEEP to GONE, which it
 * finds when it wakes. So an incarnation that was asleep when it was fenced is known to do nothing
 * ever again, at once and without its help; one that was awake says GONE itself as soon as it looks.
 */
export const ACTIVITY = { ASLEEP: 0, AWAKE: 1, GONE: 2 } as const;

/** How far a domain has come in its life, as it says. */
export const SAID = {
  /** It has not entered, or does not serve yet. */
  NOTHING: 0,
  /** It serves its endpoints, or an app has entered. */
  READY: 1,
  /** It has closed in order. */
  HALTED: 2,
} as const;

/** Why an incarnation ended itself. */
export const EXIT = {
  /** It is alive. */
  NONE: 0,
  /** A handler or the module threw. */
  THROWN: 1,
  /** It called `self.close()` or `Deno.exit()`. */
  CLOSED: 2,
  /** It waits for its end, by a fault plan. */
  TERMINATED: 3,
} as const;

const EXIT_TEXT_WORDS = BOOT.at.exitTextBytes >> 2;

/** Why an incarnation ended itself, as it said. */
export function exitText(boot: Int32Array): string {
  const byteLength = Math.min(boot[EXIT_TEXT_WORDS]! >>> 0, EXIT_TEXT_BYTES);
  const text = new Uint8Array(boot.buffer, BOOT.at.exitText, byteLength);
  return new TextDecoder().decode(text.slice());
}

/** An incarnation's last words: why it ends, and then that it ends. */
export function writeExit(boot: Int32Array, exit: number, why: string): void {
  const target = new Uint8Array(EXIT_TEXT_BYTES);
  const { written } = new TextEncoder().encodeInto(why, target);
  new Uint8Array(boot.buffer, BOOT.at.exitText, EXIT_TEXT_BYTES).set(target);
  boot[EXIT_TEXT_WORDS] = written;
  Atomics.store(boot, BOOT.at.exit >> 2, exit);
}
