/**
 * An integrity layer in one thread, on simulated legs: its server can die at any death point, and
 * the power can be cut; and a model that says what each block may hold.
 *
 * @module
 */

import { BLOCK_BYTES } from "../protocol.ts";
import type { IntegrityDeathPoint } from "./death_points.ts";
import type { IntegrityDevice } from "./integrity_device.ts";
import { openIntegrity, type OpenIntegrityParts } from "./open.ts";
import { codeOf, Death } from "../simulated_outcome.ts";
import { type LegEvent, SimulatedLeg } from "./simulated_legs.ts";

/** What a simulated layer is made of. */
export interface SimulatedOptions {
  /** Blocks of each leg. */
  readonly legBlocks: readonly number[];
  /** Whether there are tags. */
  readonly tags: boolean;
  /** Blocks of a region. */
  readonly regionBlocks: number;
}

/** A step of a workload. */
export type Step =
  | {
    readonly kind: "write";
    readonly first: number;
    readonly count: number;
    readonly stamp: number;
  }
  | { readonly kind: "zero"; readonly first: number; readonly count: number; readonly stamp: 0 }
  | { readonly kind: "flush" | "turn" | "read" | "poll" };

const WINDOW_BLOCKS = 64;
const WORDS = BLOCK_BYTES / 4;
const SECTOR_WORDS = 128;

/** A layer, its legs and its clients' window. */
export class SimulatedIntegrity {
  /** The legs, in the order in which they are given. */
  legs: SimulatedLeg[];
  /** What happened on all of them. */
  events: LegEvent[] = [];
  /** The serving incarnation. */
  device!: IntegrityDevice;
  /** Asked at each death point: whether to die there. */
  dies: (point: IntegrityDeathPoint) => boolean = () => false;
  /** The time. */
  nowMs = 0;
  /** What a successor in the same boot is told. */
  witness: Uint8Array = new Uint8Array(new SharedArrayBuffer(4));
  /** The window of the clients. */
  readonly window: Uint8Array = new Uint8Array(new SharedArrayBuffer(WINDOW_BLOCKS * BLOCK_BYTES));
  readonly #scratch = new Uint8Array(new SharedArrayBuffer(8 * BLOCK_BYTES));
  readonly #options: SimulatedOptions;

  /** Builds the legs; {@linkcode SimulatedIntegrity.open} starts the first incarnation. */
  constructor(options: SimulatedOptions, images?: readonly Uint8Array[]) {
    this.#options = options;
    this.legs = options.legBlocks.map((blocks, leg) =>
      this.leg(images?.[leg] ?? new Uint8Array(blocks * BLOCK_BYTES), leg)
    );
  }

  /** A leg on an image, in the common record. */
  leg(image: Uint8Array, number: number): SimulatedLeg {
    const leg = new SimulatedLeg(image, this.events, number);
    leg.windows = [this.#scratch.buffer, this.window.buffer];
    return leg;
  }

  /** Starts an incarnation. */
  open(changes: Partial<OpenIntegrityParts> = {}): this {
    this.device = openIntegrity({
      legs: this.legs,
      tags: this.#options.tags,
      scratch: this.#scratch,
      format: "if-blank",
      deviceId: Uint32Array.of(1, 2, 3, 4),
      point: (name) => {
        if (this.dies(name)) throw new Death(name);
      },
      now: () => this.nowMs,
      scrubBlocksPerSecond: 0,
      witness: this.witness,
      tagBlocksMax: 2,
      regionBlocks: this.#options.regionBlocks,
      ...changes,
    });
    return this;
  }

  /** Starts a successor in the same boot: what was begun takes effect or not. */
  takeOver(random: () => number, changes: Partial<OpenIntegrityParts> = {}): this {
    for (const leg of this.legs) leg.loseServer(() => random() < 0.5);
    return this.open(changes);
  }

  /** Does background work until nothing is in doubt, or for so many steps. */
  settle(): this {
    for (let step = 0; step < 200; step++) {
      this.nowMs += 1001;
      this.device.turn();
      const { unsettledBlocks, dirtyRegions, legs } = this.device.report();
      if (unsettledBlocks + dirtyRegions === 0 && !legs.includes("syncing")) break;
    }
    return this;
  }

  /** Does background work until every block has been scrubbed once from now on. */
  scrub(): this {
    const last = this.device.report().scrub.passes + 2;
    for (let step = 0; step < 1000 && this.device.report().scrub.passes < last; step++) {
      this.nowMs += 1000;
      this.device.turn();
    }
    return this;
  }

  /** Writes stamped blocks at once; answers the code of the error, if any. */
  write(first: number, count: number, stamp: number): string | undefined {
    const source = this.window.subarray(0, count * BLOCK_BYTES);
    new Uint32Array(source.buffer, 0, count * WORDS).fill(stamp);
    return codeOf(() => this.device.write(first, count, source));
  }

  /** Reads one block: its stamp, `"torn"` if its sectors differ, or the code of an error. */
  read(block: number): number | string {
    const target = this.window.subarray(0, BLOCK_BYTES);
    const code = codeOf(() => this.device.read(block, 1, target));
    return code ?? stampOf(new Uint32Array(target.buffer, 0, WORDS));
  }

  /** The stamps of all blocks. */
  readAll(): (number | string)[] {
    return Array.from({ length: this.device.blockCount }, (_, block) => this.read(block));
  }

  /** Does one step of a workload. */
  execute(step: Step): string | undefined {
    if (step.kind === "write") return this.write(step.first, step.count, step.stamp);
    if (step.kind === "zero") return codeOf(() => this.device.zero(step.first, step.count));
    if (step.kind === "flush") return codeOf(() => this.device.flush());
    if (step.kind === "poll") this.device.poll();
    if (step.kind === "read") this.read(0);
    if (step.kind !== "turn") return undefined;
    this.nowMs += 700;
    this.device.turn();
    return undefined;
  }
}

/** What each block may hold. */
export class BlockModel {
  /** Per block: what is durable, and what was begun since, oldest first. */
  readonly #legal: { durable: number; later: number[] }[];
  readonly #latest: number[];

  /** All blocks are zero, durably. */
  constructor(blockCount: number) {
    this.#legal = Array.from({ length: blockCount }, () => ({ durable: 0, later: [] }));
    this.#latest = new Array(blockCount).fill(0);
  }

  /** A write begins. */
  start(first: number, count: number, stamp: number): void {
    for (let block = first; block < first + count; block++) this.#legal[block]!.later.push(stamp);
  }

  /** A write has been answered well. */
  end(first: number, count: number, stamp: number): void {
    for (let block = first; block < first + count; block++) this.#latest[block] = stamp;
  }

  /** A flush was answered: the latest of each block is durable. */
  flush(): void {
    this.#legal.forEach((legal, block) => {
      const latest = this.#latest[block]!;
      const at = legal.later.lastIndexOf(latest);
      if (at < 0) return;
      legal.durable = latest;
      legal.later = legal.later.slice(at + 1);
    });
  }

  /** What a block holds when nothing failed. */
  latest(block: number): number {
    return this.#latest[block]!;
  }

  /** Whether a block may hold this after a power cut; a mix of sectors when writes may tear. */
  isLegal(block: number, stamp: number | string): boolean {
    const { durable, later } = this.#legal[block]!;
    if (stamp === "torn") return later.length > 0;
    return stamp === durable || later.includes(stamp as number);
  }
}

/** The stamp of a block, or `"torn"`. */
function stampOf(words: Uint32Array): number | string {
  for (let sector = 0; sector < WORDS; sector += SECTOR_WORDS) {
    if (words[sector] !== words[0] || words[sector + SECTOR_WORDS - 1] !== words[sector]) {
      return "torn";
    }
  }
  return words[0]!;
}

/** A random workload of so many steps on blocks below `blockCount`; stamps count from `stamp`. */
export function randomSteps(
  random: () => number,
  length: number,
  { blockCount, stamp = 1 }: { blockCount: number; stamp?: number },
): Step[] {
  return Array.from({ length }, (_, index): Step => {
    const kind = random();
    if (kind < 0.15) return { kind: "flush" };
    if (kind < 0.35) return { kind: "turn" };
    const first = Math.floor(random() * blockCount);
    const count = 1 + Math.floor(random() * Math.min(6, blockCount - first));
    if (kind < 0.4) return { kind: "zero", first, count, stamp: 0 };
    return { kind: "write", first, count, stamp: stamp + index };
  });
}
