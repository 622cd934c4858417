/**
 * One server's connection to a simulated disk: the {@linkcode Device} that the code under test sees.
 *
 * @module
 */

import { errnoName, OsError } from "@hako/ipc";
import type { Device, Done } from "../../storage-server/device.ts";
import { BLOCK_BYTES } from "../../storage-server/protocol.ts";
import type { Chance } from "./chance.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Transfer, TransferOwner, TransferRequest, TransferTaker } from "./transfer.ts";

/** What a port knows of its disk. */
export interface PortOptions {
  /** Blocks of the disk. */
  readonly blockCount: number;
  /** Transfers that may be under way. */
  readonly roomMax: number;
  /** Whether zeroing is fast. */
  readonly fastZero: boolean;
}

/** A connection. What waits here lets the rest of the world go on meanwhile. */
export class DiskPort implements Device, TransferOwner {
  /** Never: a simulated disk can always be written. */
  readonly readOnly = false;
  /** How many blocks the disk has. */
  readonly blockCount: number;
  /** Whether it zeroes fast. */
  readonly fastZero: boolean;
  readonly #disk: TransferTaker;
  readonly #roomMax: number;
  readonly #scheduler: Scheduler;
  readonly #chance: Chance;
  readonly #underWay: Set<Transfer> = new Set();
  readonly #ended: Transfer[] = [];
  #onEnded: () => void = () => {};

  /** A connection without transfers. */
  constructor(disk: TransferTaker, options: PortOptions, scheduler: Scheduler, chance: Chance) {
    this.#disk = disk;
    this.blockCount = options.blockCount;
    this.fastZero = options.fastZero;
    this.#roomMax = options.roomMax;
    this.#scheduler = scheduler;
    this.#chance = chance;
  }

  /** How many more transfers can be begun. */
  get room(): number {
    return this.#roomMax - this.underWay;
  }

  /** How many transfers are under way. */
  get underWay(): number {
    return this.#underWay.size + this.#ended.length;
  }

  /** Hears whenever a transfer that was begun has ended. */
  set onEnded(hear: () => void) {
    this.#onEnded = hear;
  }

  /** Reads a run. */
  read(first: number, count: number, target: Uint8Array): void {
    this.#do({ kind: "read", first, count, view: target, done: undefined });
  }

  /** Writes a run. */
  write(first: number, count: number, source: Uint8Array): void {
    this.#do({ kind: "write", first, count, view: source, done: undefined });
  }

  /** Makes answered writes durable. */
  flush(): void {
    this.#do({ kind: "flush", first: 0, count: 0, view: undefined, done: undefined });
  }

  /** Zeroes a run. */
  zero(first: number, count: number): void {
    this.#do({ kind: "zero", first, count, view: undefined, done: undefined });
  }

  /** Gives a run up. */
  discard(first: number, count: number): void {
    this.#do({ kind: "discard", first, count, view: undefined, done: undefined });
  }

  /** Begins to read. */
  beginRead(first: number, count: number, target: Uint8Array, done: Done): void {
    this.#begin({ kind: "read", first, count, view: target, done });
  }

  /** Begins to write. */
  beginWrite(first: number, count: number, source: Uint8Array, done: Done): void {
    this.#begin({ kind: "write", first, count, view: source, done });
  }

  /** Tells of what has ended, in any order, and not always of all: a driver may overtake itself. */
  poll(): number {
    const ended = this.#ended;
    let told = 0;
    while (ended.length > 0) {
      const [transfer] = ended.splice(this.#chance.below(ended.length), 1);
      told++;
      transfer!.done!(transfer!.errno);
      if (this.#chance.happens(0.2)) break;
    }
    return told;
  }

  /** Waits for one to end, and tells of it. */
  wait(timeoutMs = Infinity): void {
    if (this.#ended.length === 0 && this.#underWay.size > 0) {
      let isLate = false;
      if (timeoutMs !== Infinity) this.#scheduler.after(timeoutMs * 1_000, () => isLate = true);
      this.#scheduler.runUntil(() => isLate || this.#ended.length > 0);
    }
    this.poll();
  }

  /** A transfer has ended. */
  hear(transfer: Transfer): void {
    if (transfer.done === undefined) return;
    this.#underWay.delete(transfer);
    this.#ended.push(transfer);
    this.#onEnded();
  }

  #do(request: TransferRequest): void {
    this.#check(request);
    const transfer = this.#disk.begin(this, request);
    this.#scheduler.runUntil(() => transfer.state === "answered");
    if (transfer.errno !== 0) throw new OsError(errnoName(transfer.errno)!, describe(request));
  }

  #begin(request: TransferRequest): void {
    this.#check(request);
    if (this.room <= 0) throw new Error(`no room to ${describe(request)}`);
    this.#underWay.add(this.#disk.begin(this, request));
  }

  /** What a driver would refuse is a mistake of the server. */
  #check(request: TransferRequest): void {
    const { kind, first, count, view } = request;
    if (kind === "flush") return;
    const exists = first >= 0 && count > 0 && first + count <= this.blockCount;
    const fits = view === undefined || view.byteLength === count * BLOCK_BYTES;
    const isLent = view === undefined || view.buffer instanceof SharedArrayBuffer;
    if (exists && fits && isLent) return;
    throw new Error(`the server asks in vain to ${describe(request)}`);
  }
}

function describe({ kind, first, count }: TransferRequest): string {
  return `${kind} ${count} blocks at ${first}`;
}
