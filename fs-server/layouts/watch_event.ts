/**
 * What `watch` packs into a client's window: events, one behind the other, little-endian, each
 * padded to a multiple of 8 bytes.
 *
 * ```
 * 0  number f64 | kind u32 (WATCH_EVENT) | nameBytes u32
 * 16 the name in the watched directory; none where the event is of what is watched itself
 * ```
 * Numbers rise; the next `watch` names the last one. An overflow says that events were lost: look
 * at everything anew.
 *
 * @module
 */

/** Byte offsets in an event. */
export const WATCH_EVENT_HEAD = { number: 0, kind: 8, nameBytes: 12, name: 16 } as const;

/** The window of `watch` holds at least one event: that of a name of 255 bytes. */
export const WATCH_BYTES_MIN = 272;

/** Bytes of an event with a name of so many bytes. */
export function watchEventBytes(nameBytes: number): number {
  return (WATCH_EVENT_HEAD.name + nameBytes + 7) & ~7;
}
