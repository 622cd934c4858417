/**
 * Legs in memory that rot, lie, fail and lose power on demand: what an integrity layer is for.
 *
 * What was begun takes effect when the leg is polled, in any order that overlapping transfers allow;
 * what is done at once comes after it, but a flush covers only what was told to have ended. All legs of a
 * layer keep one common record, so that one run can be cut at every point, in many ways, afterwards.
 *
 * @module
 */

import { ERRNO, type Errno, OsError } from "@hako/ipc";
import type { Device, Done } from "../device.ts";
import { BLOCK_BYTES } from "../protocol.ts";

/** One operation that changed a leg. */
export interface LegEvent {
  /** Which leg. */
  readonly leg: number;
  /** Where, in bytes; -1 for a flush. */
  readonly offset: number;
  /** What was written. */
  readonly bytes: Uint8Array;
  /** How many events there were when its end was told: only a flush after that covers it. */
  toldAt: number;
}

/** What a leg is asked to do. */
export type LegOperation = "read" | "write" | "flush" | "zero";

/** What a leg does wrong. */
export interface LegFaults {
  /** Asked before each operation takes effect; it fails with the answer. */
  fault?: (operation: LegOperation, first: number, count: number) => Errno | undefined;
  /** Asked where a write goes: elsewhere, or nowhere at all (-1), without an error. */
  misdirect?: (first: number, count: number) => number;
  /** Whether everything fails with `EHOSTDOWN`. */
  isDead?: boolean;
}

interface Begun {
  readonly isWrite: boolean;
  readonly first: number;
  readonly count: number;
  readonly view: Uint8Array;
  readonly done: Done;
}

const NOTHING = new Uint8Array(0);
const SECTOR_BYTES = 512;

/** A leg in memory. */
export class SimulatedLeg implements Device {
  /** How many blocks there are. */
  readonly blockCount: number;
  /** Whether writes are refused. */
  readOnly = false;
  /** Whether zeroing is fast. */
  fastZero = false;
  /** What a reader sees: every write, flushed or not. */
  readonly bytes: Uint8Array;
  /** What goes wrong. */
  faults: LegFaults = {};
  /** Whether events are recorded. */
  records = true;
  /** Views that a request may name must lie in one of these buffers. */
  windows: readonly ArrayBufferLike[] = [];
  /** Which begun transfer takes effect next, of so many; the first by default. */
  pick: (count: number) => number = () => 0;
  /** How many operations of each kind were asked for. */
  readonly counts: Record<LegOperation, number> = { read: 0, write: 0, flush: 0, zero: 0 };
  readonly #events: LegEvent[];
  readonly #number: number;
  #begun: Begun[] = [];
  #ended: { done: Done; errno: number; event: LegEvent | undefined }[] = [];

  /**
   * @param bytes The image; the leg takes it over.
   * @param events The common record.
   * @param number Which leg of the record this is.
   */
  constructor(bytes: Uint8Array, events: LegEvent[] = [], number = 0) {
    this.bytes = bytes;
    this.blockCount = bytes.byteLength / BLOCK_BYTES;
    this.#events = events;
    this.#number = number;
  }

  /** How many more transfers can be begun. */
  get room(): number {
    return 8 - this.underWay;
  }

  /** How many transfers are under way. */
  get underWay(): number {
    return this.#begun.length + this.#ended.length;
  }

  /** Reads a run. */
  read(first: number, count: number, target: Uint8Array): void {
    this.#takeEffect();
    this.#read(first, count, target);
  }

  /** Writes a run. */
  write(first: number, count: number, source: Uint8Array): void {
    this.#takeEffect();
    this.#tell(this.#write("write", first, count, source));
  }

  /** Covers every write whose end was told. */
  flush(): void {
    this.#check("flush", 0, 0, undefined);
    this.#record(-1, NOTHING);
  }

  /** Makes a run read as zeroes. */
  zero(first: number, count: number): void {
    this.#takeEffect();
    this.#tell(this.#write("zero", first, count, new Uint8Array(count * BLOCK_BYTES)));
  }

  /** Fills a run with garbage, as is allowed. */
  discard(first: number, count: number): void {
    this.#takeEffect();
    this.#tell(
      this.#write("zero", first, count, new Uint8Array(count * BLOCK_BYTES).fill(0xdd)),
    );
  }

  /** Begins to read. */
  beginRead(first: number, count: number, target: Uint8Array, done: Done): void {
    this.#begin({ isWrite: false, first, count, view: target, done });
  }

  /** Begins to write. */
  beginWrite(first: number, count: number, source: Uint8Array, done: Done): void {
    this.#begin({ isWrite: true, first, count, view: source, done });
  }

  /** Lets one transfer take effect, and tells of those that have. */
  poll(): number {
    if (this.#begun.length > 0) this.#takeOne(this.pick(this.#begun.length));
    const ended = this.#ended;
    this.#ended = [];
    for (const { done, errno, event } of ended) {
      if (event !== undefined) event.toldAt = this.#events.length;
      done(errno);
    }
    return ended.length;
  }

  /** Waits for one. */
  wait(): void {
    this.poll();
  }

  /** What its server has begun takes effect or is lost, as told; nobody hears of it. */
  loseServer(survives: () => boolean): void {
    this.#ended = [];
    for (const { isWrite, first, count, view } of this.#begun) {
      if (isWrite && !this.faults.isDead && survives()) this.#write("write", first, count, view);
    }
    this.#begun = [];
    this.#ended = [];
  }

  /** Changes one bit, as rot does. */
  rot(block: number, bit = 0): void {
    this.bytes[block * BLOCK_BYTES + (bit >> 3)]! ^= 1 << (bit & 7);
  }

  #begin(begun: Begun): void {
    if (this.room === 0) throw new Error("there is no room");
    this.#begun.push(begun);
  }

  #takeEffect(): void {
    while (this.#begun.length > 0) this.#takeOne(0);
  }

  /** Takes the `index`th, or an earlier one that it may not overtake. */
  #takeOne(index: number): void {
    for (let earlier = 0; earlier < index; earlier++) {
      if (!overlap(this.#begun[earlier]!, this.#begun[index]!)) continue;
      index = earlier; // It is not overtaken by what is before it, either.
      earlier = -1;
    }
    const [begun] = this.#begun.splice(index, 1);
    const { isWrite, first, count, view, done } = begun!;
    let errno = 0;
    let event: LegEvent | undefined;
    try {
      if (isWrite) event = this.#write("write", first, count, view);
      else this.#read(first, count, view);
    } catch (error) {
      if (!(error instanceof OsError)) throw error;
      errno = ERRNO[error.code];
    }
    this.#ended.push({ done, errno, event });
  }

  #read(first: number, count: number, target: Uint8Array): void {
    this.#check("read", first, count, target);
    const offset = first * BLOCK_BYTES;
    target.set(this.bytes.subarray(offset, offset + target.byteLength));
  }

  #tell(event: LegEvent | undefined): void {
    if (event !== undefined) event.toldAt = this.#events.length;
  }

  #write(
    operation: "write" | "zero",
    first: number,
    count: number,
    source: Uint8Array,
  ): LegEvent | undefined {
    this.#check(operation, first, count, operation === "write" ? source : undefined);
    if (this.readOnly) throw new OsError("EROFS", `write to leg ${this.#number}`);
    const place = this.faults.misdirect?.(first, count) ?? first;
    if (place < 0) return undefined;
    this.bytes.set(source, place * BLOCK_BYTES);
    return this.#record(place * BLOCK_BYTES, source);
  }

  #record(offset: number, bytes: Uint8Array): LegEvent | undefined {
    if (!this.records) return undefined;
    const event = { leg: this.#number, offset, bytes: bytes.slice(), toldAt: Infinity };
    this.#events.push(event);
    return event;
  }

  #check(
    operation: LegOperation,
    first: number,
    count: number,
    view: Uint8Array | undefined,
  ): void {
    this.counts[operation]++;
    const what = `${operation} ${count} blocks at ${first} of leg ${this.#number}`;
    if (this.faults.isDead) throw new OsError("EHOSTDOWN", what);
    const code = this.faults.fault?.(operation, first, count);
    if (code !== undefined) throw new OsError(code, what);
    if (operation === "flush") return;
    const fits = first >= 0 && first <= this.blockCount && count <= this.blockCount - first;
    if (!fits || count === 0) throw new OsError("EINVAL", what);
    if (view === undefined) return;
    if (view.byteLength !== count * BLOCK_BYTES) throw new OsError("EINVAL", what);
    if (!this.windows.includes(view.buffer)) throw new OsError("EFAULT", what);
  }
}

function overlap(one: Begun, other: Begun): boolean {
  return one.first < other.first + other.count && other.first < one.first + one.count;
}

/** How a power cut treats one write that no flush covered: lost, kept, or these pieces kept. */
export type Survival = boolean | ((sector: number) => boolean);

/** The images after a power cut right after some event of a run. */
export class LegsCut {
  readonly #durable: Uint8Array[];
  readonly #events: readonly LegEvent[];
  #unflushed: LegEvent[] = [];
  #end = 0;

  /** Starts before the first event. */
  constructor(start: readonly Uint8Array[], events: readonly LegEvent[]) {
    this.#durable = start.map((image) => image.slice());
    this.#events = events;
  }

  /** How many writes no flush has covered at the current event. */
  get unflushedCount(): number {
    return this.#unflushed.length;
  }

  /** Moves the cut to right after the first `end` events; only ever forward. */
  advance(end: number): void {
    for (; this.#end < end; this.#end++) {
      const event = this.#events[this.#end]!;
      if (event.offset >= 0) {
        this.#unflushed.push(event);
        continue;
      }
      this.#unflushed = this.#unflushed.filter((write, index) => {
        if (write.leg !== event.leg || !this.#isCovered(index)) return true;
        this.#durable[write.leg]!.set(write.bytes, write.offset);
        return false;
      });
    }
  }

  /** Whether the flush that is next covers a write: its end was told, or that of one over it. */
  #isCovered(index: number): boolean {
    const { leg, offset, bytes } = this.#unflushed[index]!;
    return this.#unflushed.slice(index).some((later) =>
      later.leg === leg && later.toldAt <= this.#end && later.offset < offset + bytes.byteLength &&
      offset < later.offset + later.bytes.byteLength
    );
  }

  /** The images that are left when each unflushed write survives as told, by pieces of so many bytes. */
  images(survival: (index: number) => Survival, pieceBytes = SECTOR_BYTES): Uint8Array[] {
    const images = this.#durable.map((image) => image.slice());
    this.#unflushed.forEach(({ leg, offset, bytes }, index) => {
      const how = survival(index);
      for (let at = 0; at < bytes.byteLength; at += pieceBytes) {
        const isKept = typeof how === "boolean" ? how : how(at / pieceBytes);
        if (isKept) images[leg]!.set(bytes.subarray(at, at + pieceBytes), offset + at);
      }
    });
    return images;
  }

  /** Ways to survive: every subset while there are few writes, else random ones; then torn. */
  *survivals(random: () => number, samples: number): Generator<(index: number) => Survival> {
    const count = this.#unflushed.length;
    yield () => true;
    if (count === 0) return;
    yield () => false;
    if (count <= SUBSETS_MAX) {
      for (let subset = 1; subset < (1 << count) - 1; subset++) {
        yield (index) => ((subset >> index) & 1) === 1;
      }
    }
    for (let sample = 0; sample < samples; sample++) {
      const kept = Array.from({ length: count }, () => random() < 0.5);
      const torn = sample % 2 === 0 ? -1 : Math.floor(random() * count);
      const coins = Array.from({ length: 64 }, () => random() < 0.5);
      yield (index) => index === torn ? (sector) => coins[sector % 64]! : kept[index]!;
    }
  }
}

const SUBSETS_MAX = 5;
