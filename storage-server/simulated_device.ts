/**
 * A disk in memory that loses power, tears writes and fails on demand: the peer of
 * {@linkcode BlockDevice} in tests.
 *
 * The device keeps every write with the flushes between them, so that one run of a workload can be
 * cut at every point, in many ways, afterwards (`power_cut.ts`). Transfers that are begun take effect
 * when chance says so: in the order of their beginning where they overlap, else in any. Their ends are
 * told in any order.
 *
 * @module
 */

import { assert, ERRNO, OsError } from "@hako/ipc";
import type { Device, Done } from "./device.ts";
import { BLOCK_BYTES } from "./protocol.ts";

/** A write as the disk has seen it. */
export interface WriteEvent {
  /** What happened. */
  readonly kind: "write";
  /** Where, in bytes. */
  readonly offset: number;
  /** What was written. */
  readonly bytes: Uint8Array;
  /** How many events there were when its end was told; until then no flush covers it. */
  endedAt: number;
}

/** One operation that changed the device. */
export type DeviceEvent = WriteEvent | { readonly kind: "flush" };

/** What is asked of a device. */
export type DeviceOperation = "read" | "write" | "flush" | "zero" | "discard";

/** What a simulated device does wrong. */
export interface DeviceFaults {
  /** Asked before each operation; an answer is thrown as its error. */
  fault?: (operation: DeviceOperation, first: number, count: number) =>
    | "EIO"
    | "ENOSPC"
    | "EROFS"
    | undefined;
  /** Views that a request may name must lie in one of these buffers, if given. */
  windows?: readonly ArrayBufferLike[];
}

/** The word that a block is full of when it was given back. */
export const DISCARDED_STAMP = 0xdddd_dddd;

const UNDER_WAY_MAX = 16;

interface Begun {
  readonly kind: "read" | "write";
  readonly first: number;
  readonly count: number;
  readonly view: Uint8Array;
  readonly done: Done;
  /** `undefined` until it has taken effect. */
  errno: number | undefined;
  event: WriteEvent | undefined;
}

/** A disk in memory. */
export class SimulatedDevice implements Device {
  /** How many blocks there are. */
  readonly blockCount: number;
  /** Whether it says of itself that it is read-only. */
  readonly readOnly = false;
  /** Whether it says of itself that it zeroes fast. */
  fastZero = true;
  /** What a reader sees: every write, flushed or not. */
  readonly bytes: Uint8Array;
  /** Every write and flush since the start. */
  readonly events: DeviceEvent[] = [];
  /** What goes wrong. */
  faults: DeviceFaults = {};
  /** Whether writes are remembered for power cuts. */
  records = true;
  /** Numbers from 0 up to 1 that say when begun transfers go on; without them, all at once. */
  chance: (() => number) | undefined;
  #begun: Begun[] = []; // Oldest first.
  #abandoned: Begun[] = []; // Those that have not taken effect.

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
    this.#precede(first, count);
    this.#check("read", first, count, target);
    this.#copyOut(first, target);
  }

  /** Writes a run. */
  write(first: number, count: number, source: Uint8Array): void {
    this.#precede(first, count);
    this.#check("write", first, count, source);
    this.#copyIn(first, source, true);
  }

  /** Covers every write whose end was told. */
  flush(): void {
    this.#check("flush", 0, 0, undefined);
    if (this.records) this.events.push({ kind: "flush" });
  }

  /** Makes a run zero. */
  zero(first: number, count: number): void {
    this.#precede(first, count);
    this.#check("zero", first, count, undefined);
    this.#copyIn(first, new Uint8Array(count * BLOCK_BYTES), true);
  }

  /** Fills a run with what nobody has written. */
  discard(first: number, count: number): void {
    this.#precede(first, count);
    this.#check("discard", first, count, undefined);
    this.#copyIn(first, new Uint8Array(count * BLOCK_BYTES).fill(0xdd), true);
  }

  /** How many more transfers can be begun. */
  get room(): number {
    return UNDER_WAY_MAX - this.#begun.length;
  }

  /** How many transfers are under way. */
  get underWay(): number {
    return this.#begun.length;
  }

  /** Begins to read. */
  beginRead(first: number, count: number, view: Uint8Array, done: Done): void {
    this.#begin({ kind: "read", first, count, view, done, errno: undefined, event: undefined });
  }

  /** Begins to write. */
  beginWrite(first: number, count: number, view: Uint8Array, done: Done): void {
    this.#begin({ kind: "write", first, count, view, done, errno: undefined, event: undefined });
  }

  /** Lets some transfers go on, or all without chance; tells of those that have ended. */
  poll(): number {
    if (this.chance === undefined) {
      let ended = 0;
      while (this.#begun.length > 0) ended += this.#step(0);
      return ended;
    }
    this.#haunt();
    let ended = 0;
    for (let left = Math.floor(this.chance() * 4); left > 0; left--) ended += this.#stepAny();
    return ended;
  }

  /** Goes on until a transfer has ended. */
  wait(): void {
    if (this.#begun.length === 0) return;
    let ended = 0;
    while (ended === 0) ended = this.chance === undefined ? this.#step(0) : this.#stepAny();
  }

  /**
   * Whoever began the transfers is dead, and nobody hears of their ends. Each may still take effect,
   * as long as nothing that overlaps it is done; without chance, none does.
   */
  abandon(): void {
    const left = this.#begun.filter(({ errno }) => errno === undefined);
    if (this.chance !== undefined) this.#abandoned.push(...left);
    this.#begun = [];
  }

  #begin(begun: Begun): void {
    assert(this.room > 0, "a transfer is begun only where there is room");
    this.#begun.push(begun);
  }

  #stepAny(): number {
    if (this.#begun.length === 0) return 0;
    return this.#step(Math.floor(this.chance!() * this.#begun.length));
  }

  /** Lets one transfer take effect or end, if those before it let it; answers whether it ended. */
  #step(index: number): number {
    const begun = this.#begun[index]!;
    if (begun.errno === undefined) {
      if (this.#mayTakeEffect(index)) this.#takeEffect(begun);
      return 0;
    }
    this.#begun.splice(index, 1);
    if (begun.event !== undefined) begun.event.endedAt = this.events.length;
    begun.done(begun.errno);
    return 1;
  }

  /** Whether every older transfer that overlaps has taken effect. */
  #mayTakeEffect(index: number): boolean {
    const { first, count } = this.#begun[index]!;
    const older = this.#begun.slice(0, index);
    return older.every((begun) => begun.errno !== undefined || !overlaps(begun, first, count));
  }

  /** Some of what was abandoned takes effect or gets lost. */
  #haunt(): void {
    for (const begun of [...this.#abandoned]) {
      const chance = this.chance!();
      if (chance < 0.1) this.#settleAbandoned(begun.first, begun.count);
      else if (chance < 0.15) this.#abandoned = this.#abandoned.filter((other) => other !== begun);
    }
  }

  #takeEffect(begun: Begun): void {
    const { kind, first, count, view } = begun;
    this.#settleAbandoned(first, count);
    try {
      this.#check(kind, first, count, view);
      if (kind === "read") this.#copyOut(first, view);
      else begun.event = this.#copyIn(first, view, false);
      begun.errno = 0;
    } catch (error) {
      if (!(error instanceof OsError)) throw error;
      begun.errno = ERRNO[error.code];
    }
  }

  /** What was abandoned takes effect now or never where something else is done. */
  #settleAbandoned(first: number, count: number): void {
    const overlapping = this.#abandoned.filter((begun) => overlaps(begun, first, count));
    this.#abandoned = this.#abandoned.filter((begun) => !overlapping.includes(begun));
    for (const begun of overlapping) if (this.chance!() < 0.8) this.#takeEffect(begun);
  }

  /** Lets what was begun before take effect where it overlaps what is done at once. */
  #precede(first: number, count: number): void {
    this.#settleAbandoned(first, count);
    for (const begun of this.#begun) {
      if (begun.errno === undefined && overlaps(begun, first, count)) this.#takeEffect(begun);
    }
  }

  #copyOut(first: number, target: Uint8Array): void {
    const offset = first * BLOCK_BYTES;
    target.set(this.bytes.subarray(offset, offset + target.byteLength));
  }

  #copyIn(first: number, source: Uint8Array, hasEnded: boolean): WriteEvent {
    const offset = first * BLOCK_BYTES;
    this.bytes.set(source, offset);
    const endedAt = hasEnded ? this.events.length : Infinity;
    const event: WriteEvent = { kind: "write", offset, bytes: source.slice(), endedAt };
    if (this.records) this.events.push(event);
    return event;
  }

  #check(
    operation: DeviceOperation,
    first: number,
    count: number,
    view: Uint8Array | undefined,
  ): void {
    const code = this.faults.fault?.(operation, first, count);
    if (code !== undefined) throw new OsError(code, `${operation} ${count} blocks at ${first}`);
    if (operation === "flush") return;
    const fits = first <= this.blockCount && count <= this.blockCount - first;
    const right = view === undefined || view.byteLength === count * BLOCK_BYTES;
    if (!fits || count === 0 || !right) {
      throw new OsError("EINVAL", `${operation} ${count} blocks at ${first}`);
    }
    if (view !== undefined && this.faults.windows?.includes(view.buffer) === false) {
      throw new OsError("EFAULT", `${operation} ${count} blocks at ${first}`);
    }
  }
}

function overlaps(begun: Begun, first: number, count: number): boolean {
  return first < begun.first + begun.count && begun.first < first + count;
}
