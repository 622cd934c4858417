/**
 * Segments: keeps and windows, and who may see which. A window goes to its owner and to every
 * server that the owner can reach by calls, since a server passes a client's window on to the
 * servers that it calls itself.
 *
 * @module
 */

import type { SegmentGrant } from "../messages.ts";
import type { KernelCore } from "./kernel_core.ts";
import type { DomainEntry, Segment } from "./tables.ts";

/** The segments of one system. */
export class Segments {
  readonly #kernel: KernelCore;
  readonly #sharersOf: (segment: Segment) => ReadonlySet<number>;

  /**
   * The segments in the tables of `kernel`.
   *
   * @param sharersOf Who may use and lend a window: its owner, and who has a capability to it.
   */
  constructor(kernel: KernelCore, sharersOf: (segment: Segment) => ReadonlySet<number>) {
    this.#kernel = kernel;
    this.#sharersOf = sharersOf;
  }

  /** A new segment; `undefined` if the table is full. */
  create(
    owner: number,
    kind: "keep" | "window",
    name: string,
    { byteLength, call = 0 }: { readonly byteLength: number; readonly call?: number },
  ): Segment | undefined {
    const { tables } = this.#kernel;
    const object = tables.hold(new SharedArrayBuffer(byteLength));
    const segment = tables.addSegment({ object, owner, kind, name, call });
    if (segment !== undefined && kind === "window") this.announce(segment);
    return segment;
  }

  /** The segment that a call of the program has made, if it has. */
  madeBy(call: number): Segment | undefined {
    return [...this.#kernel.tables.segments.values()].find(({ row }) => row.call === call);
  }

  /** Gives a zombie's successor other memory: a copy of a keep, a fresh window. */
  replace(segment: Segment, buffer: SharedArrayBuffer): Segment {
    const { tables } = this.#kernel;
    const { owner, kind, name, call } = segment.row;
    this.drop(segment);
    const object = tables.hold(buffer);
    const fresh = tables.addSegment({ object, owner, kind, name, call })!;
    if (kind === "window") this.announce(fresh);
    return fresh;
  }

  /** Takes a segment out of everybody's tables. */
  drop(segment: Segment): void {
    const { tables } = this.#kernel;
    const { object } = segment.row;
    if (segment.row.kind !== "keep") {
      for (const entry of this.holders(segment)) {
        this.#kernel.control(entry, { type: "drop-segment", id: object });
      }
    }
    tables.removeSegment(segment);
    this.#kernel.effect(() => tables.release(object));
  }

  /** Tells all that may hold a window who may name it there. */
  announce(segment: Segment): void {
    for (const entry of this.holders(segment)) {
      this.#kernel.control(entry, { type: "segment", segment: this.grantTo(entry, segment) });
    }
  }

  /** Tells the same again where fewer may hold it than before: the others are to forget it. */
  announceAnew(segment: Segment): void {
    const holders = new Set(this.holders(segment));
    for (const entry of this.#kernel.tables.domains.values()) {
      if (holders.has(entry)) continue;
      this.#kernel.control(entry, { type: "drop-segment", id: segment.row.object });
    }
    this.announce(segment);
  }

  /** Tells of all windows that a domain may hold, since it calls one server more. */
  announceReaching(client: number): void {
    for (const segment of this.#kernel.tables.segments.values()) {
      if (segment.row.kind === "window" && this.#reached(segment).has(client)) {
        this.announce(segment);
      }
    }
  }

  /** All windows that a domain may hold. */
  grantsOf(entry: DomainEntry): SegmentGrant[] {
    const granted: SegmentGrant[] = [];
    for (const segment of this.#kernel.tables.segments.values()) {
      if (segment.row.kind !== "window") continue;
      if (this.#reached(segment).has(entry.number)) {
        granted.push(this.grantTo(entry, segment));
      }
    }
    return granted;
  }

  /** The grant of one window to one holder: which badges may name it there. */
  grantTo(holder: DomainEntry, segment: Segment): SegmentGrant {
    const reached = this.#reached(segment);
    const badges: number[] = [];
    for (const { row: { client, server, badge } } of this.#kernel.tables.connections) {
      if (server === holder.number && reached.has(client)) badges.push(badge);
    }
    return { id: segment.row.object, buffer: segment.buffer, badges };
  }

  /** The domains that may hold a window. */
  holders(segment: Segment): DomainEntry[] {
    const { tables } = this.#kernel;
    return [...this.#reached(segment)].map((number) => tables.domain(number))
      .filter((entry) => entry !== undefined);
  }

  /** The numbers of all who may lend a window, and of all whom they reach by calls. */
  #reached(segment: Segment): Set<number> {
    const all = [...this.#kernel.tables.connections];
    const found = new Set(this.#sharersOf(segment));
    for (const holder of found) {
      for (const { row: { client, server } } of all) if (client === holder) found.add(server);
    }
    return found;
  }
}
