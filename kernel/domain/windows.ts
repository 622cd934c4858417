/**
 * The windows that one domain holds: its own, and those that clients of its servers may name.
 *
 * @module
 */

import { OsError, type WindowTable } from "@hako/ipc";
import type { SegmentGrant } from "../messages.ts";
import type { WindowName } from "./domain.ts";

interface Held {
  readonly bytes: Uint8Array;
  readonly badges: ReadonlySet<number>;
}

/** A table that the kernel fills. */
export class HeldWindows implements WindowTable {
  readonly #segments: Map<number, Held> = new Map();
  readonly #ids: Map<ArrayBufferLike, number> = new Map();
  readonly #refresh: () => void;

  /**
   * @param refresh Reads pending control messages: called before a name is refused as unknown,
   * since the kernel grants a segment before it tells the client that it is granted.
   */
  constructor(refresh: () => void) {
    this.#refresh = refresh;
  }

  /** Adds a segment, or changes who may name it. */
  grant({ id, buffer, badges }: SegmentGrant): void {
    const bytes = this.#segments.get(id)?.bytes ?? new Uint8Array(buffer);
    this.#segments.set(id, { bytes, badges: new Set(badges) });
    this.#ids.set(bytes.buffer, id);
  }

  /** Forgets a segment. */
  drop(id: number): void {
    const held = this.#segments.get(id);
    if (held === undefined) return;
    this.#segments.delete(id);
    this.#ids.delete(held.bytes.buffer);
  }

  /** Forgets all segments but these, and takes what is said of them. */
  keepOnly(segments: readonly SegmentGrant[]): void {
    const kept = new Set(segments.map(({ id }) => id));
    for (const id of [...this.#segments.keys()]) if (!kept.has(id)) this.drop(id);
    for (const segment of segments) this.grant(segment);
  }

  /** The bytes of a segment by its number, whoever may name it. */
  own(id: number): Uint8Array | undefined {
    return this.#segments.get(id)?.bytes;
  }

  /** @throws {OsError} `EFAULT` if the bytes lie in no window that is held. */
  name({ buffer, byteOffset, byteLength }: Uint8Array): WindowName {
    const segment = this.segmentOf(buffer);
    if (segment === 0) throw new OsError("EFAULT", "name bytes of a window");
    return { segment, byteOffset, byteLength };
  }

  /** The bytes that a client lends under a name, if it may. */
  named(badge: number, { segment, byteOffset, byteLength }: WindowName): Uint8Array | undefined {
    const bytes = this.segment(segment, badge);
    if (bytes === undefined || byteOffset + byteLength > bytes.byteLength) return undefined;
    return bytes.subarray(byteOffset, byteOffset + byteLength);
  }

  segmentOf(buffer: ArrayBufferLike): number {
    return this.#ids.get(buffer) ?? 0;
  }

  segment(id: number, badge: number): Uint8Array | undefined {
    let held = this.#segments.get(id);
    if (held === undefined || !held.badges.has(badge)) {
      this.#refresh();
      held = this.#segments.get(id);
    }
    return held?.badges.has(badge) ? held.bytes : undefined;
  }
}
