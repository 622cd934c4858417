/**
 * A whole storage server in one thread: volumes on a simulated device, whose incarnations can die
 * at any death point and whose power can be cut.
 *
 * @module
 */

import type { AtomicWrites } from "./block_view.ts";
import type { DeathPoint } from "./death_points.ts";
import {
  BLOCK_BYTES,
  SECTOR_BYTES,
  TRANSACTION_ENTRY_BYTES,
  VECTOR_ENTRY_BYTES,
  WRITE_FLAG,
} from "./protocol.ts";
import { openJournal, type OpenParts, type Recovery } from "./recover.ts";
import { SimulatedDevice } from "./simulated_device.ts";
import type { StoredVolume } from "./volume.ts";
import { Death } from "./simulated_outcome.ts";
import { sectorStamps } from "./volume_model.ts";
import { Volumes } from "./volumes.ts";
import type { Operation } from "./workload.ts";

/** What a simulated volume is made of. */
export interface SimulatedVolumeOptions {
  /** Blocks of the device. */
  readonly deviceBlocks: number;
  /** Blocks of the ring. */
  readonly ringLength: number;
  /** Bytes of the keep: 20,480 and 4,224 for each image. */
  readonly keepBytes: number;
  /** Who makes sure that a block is written whole: the device if left out. */
  readonly atomicWrites?: AtomicWrites;
}

/** A request that was given to the server. */
export interface Given {
  /** Its answer; `undefined` until there is one. */
  result: number | undefined;
}

const WINDOW_BLOCKS = 64;
const SCRATCH_BYTES = 160 * 1024;

/** Volumes, their device and their keep; requests go to one of the volumes. */
export class SimulatedVolume {
  /** The disk. */
  device: SimulatedDevice;
  /** The keep. A successor is given a copy. */
  keep: Uint8Array;
  /** What the serving incarnation serves. */
  volumes!: Volumes;
  /** The volume that requests go to: the first. */
  volume!: StoredVolume;
  /** How the serving incarnation found the volume. */
  recovery!: Recovery;
  /** Asked at each death point: whether to die there. */
  dies: (point: DeathPoint) => boolean = () => false;
  readonly #options: SimulatedVolumeOptions;
  readonly #scratch = new Uint8Array(new SharedArrayBuffer(SCRATCH_BYTES));
  readonly #window = new Uint8Array(new SharedArrayBuffer(WINDOW_BLOCKS * BLOCK_BYTES));
  readonly #table = new Uint8Array(new SharedArrayBuffer(WINDOW_BLOCKS * TRANSACTION_ENTRY_BYTES));
  #epoch = 0;

  /** Builds the disk; {@linkcode SimulatedVolume.open} starts the first incarnation. */
  constructor(options: SimulatedVolumeOptions, image?: Uint8Array) {
    this.device = new SimulatedDevice(image ?? new Uint8Array(options.deviceBlocks * BLOCK_BYTES));
    this.keep = new Uint8Array(new SharedArrayBuffer(options.keepBytes));
    this.#options = options;
    // The device refuses views of anything but windows, as a driver does.
    this.device.faults.windows = [this.#scratch.buffer, this.#window.buffer];
  }

  /** Starts an incarnation on the present disk and a copy of the keep. */
  open(changes: Partial<OpenParts> = {}): this {
    this.device.abandon();
    const keep = new Uint8Array(new SharedArrayBuffer(this.keep.byteLength));
    keep.set(this.keep);
    this.keep = keep;
    const point = (name: DeathPoint): void => {
      if (this.dies(name)) throw new Death(name);
    };
    const opened = openJournal({
      device: this.device,
      scratch: this.#scratch,
      keep,
      epoch: ++this.#epoch,
      format: "if-blank",
      ringLength: this.#options.ringLength,
      deviceId: Uint32Array.of(1, 2, 3, 4),
      point,
      ...changes,
    });
    const { atomicWrites = "device" } = this.#options;
    this.volumes = new Volumes(opened, { atomicWrites, point });
    this.volume = this.volumes.byName.values().next().value!;
    this.recovery = opened.recovery;
    return this;
  }

  /** Boots again with nothing but an image of the disk. */
  boot(image: Uint8Array, changes: Partial<OpenParts> = {}): this {
    const { faults, records } = this.device;
    this.device = new SimulatedDevice(image);
    this.device.faults = faults;
    this.device.records = records;
    this.keep = new Uint8Array(new SharedArrayBuffer(this.keep.byteLength));
    return this.open(changes);
  }

  /** Executes one request as the client `badge` would send it, and waits for the answer. */
  execute(operation: Operation, sequence: number, badge = 1): number {
    const given = this.give(operation, this.#window, { sequence, badge });
    while (given.result === undefined) this.volumes.wait(1);
    return given.result;
  }

  /** Gives a request to the server, which may answer it later, within `volumes.wait`. */
  give(
    operation: Operation,
    window: Uint8Array,
    { sequence, badge }: { sequence: number; badge: number },
    taken: (given: Given) => void = () => {},
  ): Given {
    const given: Given = { result: undefined };
    taken(given); // It may be answered though the server dies before its handler returns.
    const later = () => ({
      answer: (result: number) => void (given.result = result),
      isAbandoned: () => false,
    });
    const outcome = this.#handle(operation, window, { sequence, badge, later });
    if (typeof outcome === "number") given.result = outcome;
    return given;
  }

  /** The bytes of a range, as a client reads them. */
  readBytes(offset: number, byteLength: number): Uint8Array {
    const { dies } = this;
    this.dies = () => false; // Whoever looks on does not change what happens.
    const run = { first: offset / SECTOR_BYTES, count: byteLength / SECTOR_BYTES };
    const result = this.execute({ kind: "read", run }, 0);
    this.dies = dies;
    if (result !== byteLength) throw new Error(`read answered ${result}`);
    return this.#window.slice(0, byteLength);
  }

  /** The stamp of each sector, as a client reads the volume. */
  readSectors(): Uint32Array {
    const { byteLength } = this.volume.stat();
    const bytes = new Uint8Array(byteLength);
    for (let at = 0; at < byteLength; at += this.#window.byteLength) {
      bytes.set(this.readBytes(at, Math.min(this.#window.byteLength, byteLength - at)), at);
    }
    return sectorStamps(bytes);
  }

  /** The stamp of each block, as a client reads the volume. */
  readStamps(): Uint32Array {
    return this.readSectors().filter((_, index) => index % 8 === 0);
  }

  /** Lets the device take views of this buffer, too. */
  lend(window: Uint8Array): void {
    this.device.faults.windows = [...this.device.faults.windows!, window.buffer];
  }

  #handle(
    operation: Operation,
    window: Uint8Array,
    context: Parameters<StoredVolume["write"]>[1] & { badge: number; sequence: number },
  ): ReturnType<StoredVolume["write"]> {
    const { volume } = this;
    const flags = "fua" in operation && operation.fua ? WRITE_FLAG.FUA : 0;
    switch (operation.kind) {
      case "flush":
        return volume.flush();
      case "read": {
        const { first, count } = operation.run;
        const target = window.subarray(0, count * SECTOR_BYTES);
        return volume.read({ offset: first * SECTOR_BYTES, target }, context);
      }
      case "write": {
        const { first, count, stamp } = operation;
        const source = window.subarray(0, count * BLOCK_BYTES);
        stampBytes(source, stamp);
        return volume.write({ offset: first * BLOCK_BYTES, flags, source }, context);
      }
      case "scatter": {
        const { runs, stamp } = operation;
        const bytes = runs.reduce((sum, { count }) => sum + count * SECTOR_BYTES, 0);
        const source = window.subarray(0, bytes);
        stampBytes(source, stamp);
        if (runs.length === 1) {
          const offset = runs[0]!.first * SECTOR_BYTES;
          return volume.write({ offset, flags, source }, context);
        }
        const entries = runs.map(({ first, count }) => [first, count].map((n) => n * SECTOR_BYTES));
        const table = this.#tableOf(entries, VECTOR_ENTRY_BYTES);
        return volume.writeVector({ count: runs.length, flags, table, source });
      }
      case "zero":
      case "trim": {
        const { first, count } = operation.run;
        const offset = first * SECTOR_BYTES;
        const request = { offset, byteLength: count * SECTOR_BYTES, flags };
        return operation.kind === "zero" ? volume.zero(request) : volume.trim(request);
      }
      case "transact": {
        const { blocks, stamp } = operation;
        stampBytes(window.subarray(0, BLOCK_BYTES), stamp);
        const table = this.#tableOf(blocks.map((block) => [block, 0]), TRANSACTION_ENTRY_BYTES);
        const tag = { tagBadge: 100 + context.badge, tagSequence: stamp, result: stamp };
        const request = { count: blocks.length, ...tag, table, images: window };
        return volume.transact(request, context);
      }
    }
  }

  #tableOf(entries: readonly (readonly number[])[], entryBytes: number): Uint8Array {
    const table = this.#table.subarray(0, entries.length * entryBytes);
    const view = new DataView(table.buffer);
    for (const [index, [one, other]] of entries.entries()) {
      view.setBigUint64(index * entryBytes, BigInt(one!), true);
      view.setBigUint64(index * entryBytes + 8, BigInt(other!), true);
    }
    return table;
  }
}

/**
 * Lets incarnations die until one has not.
 *
 * @param life What may die.
 * @param successor Starts the next incarnation, which may die, too.
 * @returns How many died.
 */
export function survive(life: () => void, successor: () => void): number {
  for (let deaths = 0;; deaths++) {
    try {
      if (deaths > 0) successor();
      life();
      return deaths;
    } catch (error) {
      if (!(error instanceof Death)) throw error;
    }
  }
}

/** Fills bytes with a stamp. */
export function stampBytes(bytes: Uint8Array, stamp: number): void {
  new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4).fill(stamp);
}
