/**
 * A disk in memory that loses power, tears writes and fails on demand: the peer of
 * {@linkcode BlockDevice} in tests.
 *
 * Only what a flush covered is sure to survive a power cut. Each later write may survive or not, or
 * survive in part, in any combination. The device keeps every write with the flushes between them,
 * so that one run of a workload can be cut at every point, in many ways, afterwards.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import type { Device } from "./device.ts";
import { BLOCK_BYTES } from "./protocol.ts";

/** One operation that changed the device. */
export type DeviceEvent =
  | { readonly kind: "write"; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly kind: "flush" };

/** What a simulated device does wrong. */
export interface DeviceFaults {
  /** Asked before each operation; an answer is thrown as its error. */
  fault?: (operation: "read" | "write" | "flush", first: number, count: number) =>
    | "EIO"
    | "ENOSPC"
    | "EROFS"
    | undefined;
  /** Views that a request may name must lie in one of these buffers, if given. */
  windows?: readonly ArrayBufferLike[];
}

/** How a power cut treats one write that no flush covered. */
export type Survival = "kept" | "dropped" | {
  /** Bytes of the pieces that are written whole. */
  readonly granularity: number;
  /** Whether piece `index` was written. */
  readonly wrote: (index: number) => boolean;
};

/** A disk in memory. */
export class SimulatedDevice implements Device {
  /** How many blocks there are. */
  readonly blockCount: number;
  /** What a reader sees: every write, flushed or not. */
  readonly bytes: Uint8Array;
  /** Every write and flush since the start. */
  readonly events: DeviceEvent[] = [];
  /** What goes wrong. */
  faults: DeviceFaults = {};
  /** Whether writes are remembered for power cuts. */
  records = true;

  /**
   * A disk without faults.
   *
   * @param bytes The image; the device takes it over.
   */
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.blockCount = bytes.byteLength / BLOCK_BYTES;
  }

  /** Reads a run. */
  read(first: number, count: number, target: Uint8Array): void {
    this.#check("read", first, count, target);
    const offset = first * BLOCK_BYTES;
    target.set(this.bytes.subarray(offset, offset + target.byteLength));
  }

  /** Writes a run. */
  write(first: number, count: number, source: Uint8Array): void {
    this.#check("write", first, count, source);
    const offset = first * BLOCK_BYTES;
    this.bytes.set(source, offset);
    if (this.records) this.events.push({ kind: "write", offset, bytes: source.slice() });
  }

  /** Covers every write so far. */
  flush(): void {
    this.#check("flush", 0, 0, undefined);
    if (this.records) this.events.push({ kind: "flush" });
  }

  #check(
    operation: "read" | "write" | "flush",
    first: number,
    count: number,
    view: Uint8Array | undefined,
  ): void {
    const code = this.faults.fault?.(operation, first, count);
    if (code !== undefined) throw new OsError(code, `${operation} ${count} blocks at ${first}`);
    if (view === undefined) return;
    const fits = first <= this.blockCount && count <= this.blockCount - first;
    if (!fits || count === 0 || view.byteLength !== count * BLOCK_BYTES) {
      throw new OsError("EINVAL", `${operation} ${count} blocks at ${first}`);
    }
    if (this.faults.windows?.includes(view.buffer) === false) {
      throw new OsError("EFAULT", `${operation} ${count} blocks at ${first}`);
    }
  }
}

/** The image after a power cut right after event number `end` of a run that began with `start`. */
export class PowerCut {
  readonly #durable: Uint8Array;
  readonly #unflushed: Extract<DeviceEvent, { kind: "write" }>[] = [];
  readonly #events: readonly DeviceEvent[];
  readonly #fineFrom: number;
  #end = 0;

  /**
   * Starts before the first event.
   *
   * @param start The image before the first event.
   * @param events What happened.
   * @param fineFrom The byte offset from which on writes are torn inside of sectors, too.
   */
  constructor(start: Uint8Array, events: readonly DeviceEvent[], fineFrom = Infinity) {
    this.#durable = start.slice();
    this.#events = events;
    this.#fineFrom = fineFrom;
  }

  /** How many writes no flush has covered at the current event. */
  get unflushedCount(): number {
    return this.#unflushed.length;
  }

  /** Moves the cut to right after the first `end` events; only ever forward. */
  advance(end: number): void {
    for (; this.#end < end; this.#end++) {
      const event = this.#events[this.#end]!;
      if (event.kind === "write") {
        this.#unflushed.push(event);
      } else {
        for (const write of this.#unflushed.splice(0)) {
          this.#durable.set(write.bytes, write.offset);
        }
      }
    }
  }

  /** The image that is left when each unflushed write survives as told. */
  image(survival: (index: number) => Survival): Uint8Array {
    const image = this.#durable.slice();
    this.#unflushed.forEach((write, index) => {
      const how = survival(index);
      if (how === "kept") image.set(write.bytes, write.offset);
      if (typeof how === "string") return;
      for (let piece = 0; piece * how.granularity < write.bytes.byteLength; piece++) {
        if (!how.wrote(piece)) continue;
        const from = piece * how.granularity;
        image.set(write.bytes.subarray(from, from + how.granularity), write.offset + from);
      }
    });
    return image;
  }

  /**
   * Ways for the unflushed writes to survive: every subset while there are few of them, else all,
   * none, every single one kept or dropped, every prefix, and `samples` random ones; then torn.
   *
   * @param random Numbers from 0 up to 1.
   */
  *survivals(random: () => number, samples: number): Generator<(index: number) => Survival> {
    const count = this.#unflushed.length;
    if (count <= SUBSETS_MAX) {
      for (let subset = 0; subset < 1 << count; subset++) {
        yield (index) => (subset >> index) & 1 ? "kept" : "dropped";
      }
    } else {
      for (let one = 0; one <= count; one++) {
        yield (index) => index < one ? "kept" : "dropped";
        yield (index) => index === one ? "kept" : "dropped";
        yield (index) => index === one ? "dropped" : "kept";
      }
      for (let sample = 0; sample < samples; sample++) {
        const kept = Array.from({ length: count }, () => random() < 0.5);
        yield (index) => kept[index]! ? "kept" : "dropped";
      }
    }
    for (let torn = 0; torn < count; torn++) {
      const { offset } = this.#unflushed[torn]!;
      for (const tear of offset < this.#fineFrom ? TEARS : [...TEARS, ...FINE_TEARS]) {
        const others = Array.from({ length: count }, () => random() < 0.5);
        const coins = Array.from({ length: 64 }, () => random() < 0.5);
        const pieces = Math.ceil(this.#unflushed[torn]!.bytes.byteLength / tear.granularity);
        const wrote = (piece: number): boolean => tear.wrote(piece, pieces, coins);
        const { granularity } = tear;
        yield (index) =>
          index === torn ? { granularity, wrote } : others[index]! ? "kept" : "dropped";
      }
    }
  }
}

const SUBSETS_MAX = 5;

interface Tear {
  readonly granularity: number;
  readonly wrote: (piece: number, pieces: number, coins: boolean[]) => boolean;
}

/** Random pieces, the first and the last part of what a superblock or header says. */
const FINE_TEARS: readonly Tear[] = [
  { granularity: 16, wrote: (piece, _, coins) => coins[piece % 64]! },
  { granularity: 16, wrote: (piece) => piece < 4 },
  { granularity: 16, wrote: (piece) => piece >= 4 },
];

/** Random sectors; the first half; the second half; both ends without the middle; whole blocks. */
const TEARS: readonly Tear[] = [
  { granularity: 512, wrote: (piece, _, coins) => coins[piece % 64]! },
  { granularity: 512, wrote: (piece, pieces) => piece < pieces / 2 },
  { granularity: 512, wrote: (piece, pieces) => piece >= pieces / 2 },
  { granularity: 512, wrote: (piece, pieces) => piece === 0 || piece === pieces - 1 },
  { granularity: 4096, wrote: (piece, _, coins) => coins[piece % 64]! },
];
