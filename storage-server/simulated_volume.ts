/**
 * A whole storage server in one thread: a volume on a simulated device, whose incarnations can die
 * at any death point and whose power can be cut.
 *
 * @module
 */

import type { DeathPoint } from "./death_points.ts";
import { BLOCK_BYTES, TRANSACTION_ENTRY_BYTES } from "./protocol.ts";
import { openJournal, type OpenParts, type Recovery } from "./recover.ts";
import { SimulatedDevice } from "./simulated_device.ts";
import { StoredVolume } from "./volume.ts";
import { sectorStamps } from "./volume_model.ts";

/** The death of an incarnation, thrown out of a death point. */
export class Death extends Error {
  /** The class name, as `Error` wants it. */
  override readonly name = "Death";
}

/** One request of a workload. */
export type Operation =
  | { readonly kind: "transact"; readonly blocks: readonly number[]; readonly stamp: number }
  | {
    readonly kind: "write";
    readonly first: number;
    readonly count: number;
    readonly stamp: number;
  }
  | { readonly kind: "flush" };

/** What a simulated volume is made of. */
export interface SimulatedVolumeOptions {
  /** Blocks of the device. */
  readonly deviceBlocks: number;
  /** Blocks of the ring. */
  readonly ringLength: number;
  /** Bytes of the keep: 20,480 and 4,224 for each image. */
  readonly keepBytes: number;
}

const WINDOW_BLOCKS = 64;
const SCRATCH_BYTES = 160 * 1024;

/** A volume, its device and its keep. */
export class SimulatedVolume {
  /** The disk. */
  device: SimulatedDevice;
  /** The keep. A successor is given a copy. */
  keep: Uint8Array;
  /** The serving incarnation. */
  volume!: StoredVolume;
  /** How the serving incarnation found the volume. */
  recovery!: Recovery;
  /** Asked at each death point: whether to die there. */
  dies: (point: DeathPoint) => boolean = () => false;
  readonly #ringLength: number;
  readonly #scratch = new Uint8Array(new SharedArrayBuffer(SCRATCH_BYTES));
  readonly #window = new Uint8Array(new SharedArrayBuffer(WINDOW_BLOCKS * BLOCK_BYTES));
  readonly #table = new Uint8Array(new SharedArrayBuffer(WINDOW_BLOCKS * TRANSACTION_ENTRY_BYTES));
  #epoch = 0;

  /** Builds the disk; {@linkcode SimulatedVolume.open} starts the first incarnation. */
  constructor(options: SimulatedVolumeOptions, image?: Uint8Array) {
    this.device = new SimulatedDevice(image ?? new Uint8Array(options.deviceBlocks * BLOCK_BYTES));
    this.keep = new Uint8Array(new SharedArrayBuffer(options.keepBytes));
    this.#ringLength = options.ringLength;
    this.#restrict();
  }

  /** Starts an incarnation on the present disk and a copy of the keep. */
  open(changes: Partial<OpenParts> = {}): this {
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
      ringLength: this.#ringLength,
      deviceId: Uint32Array.of(1, 2, 3, 4),
      point,
      ...changes,
    });
    this.volume = new StoredVolume(opened, point);
    this.recovery = opened.recovery;
    return this;
  }

  /** Boots again with nothing but an image of the disk. */
  boot(image: Uint8Array): this {
    const { faults, records } = this.device;
    this.device = new SimulatedDevice(image);
    this.device.faults = faults;
    this.device.records = records;
    this.keep = new Uint8Array(new SharedArrayBuffer(this.keep.byteLength));
    return this.open();
  }

  /** Executes one request as the client `badge` would send it. */
  execute(operation: Operation, sequence: number, badge = 1): number {
    if (operation.kind === "flush") return this.volume.flush();
    if (operation.kind === "write") {
      const { first, count, stamp } = operation;
      const source = this.#window.subarray(0, count * BLOCK_BYTES);
      stampBlock(source, stamp);
      return this.volume.write({ first, count, source });
    }
    const { blocks, stamp } = operation;
    const table = this.#table.subarray(0, blocks.length * TRANSACTION_ENTRY_BYTES);
    const entries = new DataView(table.buffer);
    stampBlock(this.#window.subarray(0, BLOCK_BYTES), stamp);
    blocks.forEach((block, index) => {
      entries.setBigUint64(index * TRANSACTION_ENTRY_BYTES, BigInt(block), true);
      entries.setBigUint64(index * TRANSACTION_ENTRY_BYTES + 8, 0n, true);
    });
    const tag = { tagBadge: 100 + badge, tagSequence: stamp, result: stamp };
    const request = { count: blocks.length, ...tag, table, images: this.#window };
    return this.volume.transact(request, { badge, sequence });
  }

  /** The stamp of each sector, as a client reads the volume. */
  readSectors(): Uint32Array {
    const { blockCount } = this.volume.stat();
    const bytes = new Uint8Array(blockCount * BLOCK_BYTES);
    for (let first = 0; first < blockCount; first += WINDOW_BLOCKS) {
      const count = Math.min(WINDOW_BLOCKS, blockCount - first);
      const target = this.#window.subarray(0, count * BLOCK_BYTES);
      if (this.volume.read({ first, count, target }) !== count) throw new Error("read failed");
      bytes.set(target, first * BLOCK_BYTES);
    }
    return sectorStamps(bytes);
  }

  /** The stamp of each block, as a client reads the volume. */
  readStamps(): Uint32Array {
    return this.readSectors().filter((_, index) => index % 8 === 0);
  }

  /** From now on the device refuses views of anything but windows, as a driver does. */
  #restrict(): void {
    this.device.faults.windows = [this.#scratch.buffer, this.#window.buffer];
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

/** Fills blocks with a stamp. */
export function stampBlock(bytes: Uint8Array, stamp: number): void {
  new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4).fill(stamp);
}

/** A repeatable source of numbers from 0 up to 1 (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

/**
 * A random workload.
 *
 * @param blockCount Blocks are chosen below this.
 * @param stampFirst Stamps count up from here.
 */
export function randomWorkload(
  random: () => number,
  length: number,
  { blockCount, stampFirst = 1 }: { blockCount: number; stampFirst?: number },
): Operation[] {
  const below = (limit: number): number => Math.floor(random() * limit);
  return Array.from({ length }, (_, index): Operation => {
    const stamp = stampFirst + index;
    const kind = random();
    if (kind < 0.15) return { kind: "flush" };
    if (kind < 0.45) {
      const first = below(blockCount);
      const count = 1 + below(Math.min(6, blockCount - first));
      return { kind: "write", first, count, stamp };
    }
    const blocks = new Set(Array.from({ length: 1 + below(5) }, () => below(blockCount)));
    return { kind: "transact", blocks: [...blocks], stamp };
  });
}

/** The blocks that an operation writes. */
export function blocksOf(operation: Operation): readonly number[] {
  if (operation.kind === "flush") return [];
  if (operation.kind === "transact") return operation.blocks;
  return Array.from({ length: operation.count }, (_, index) => operation.first + index);
}
