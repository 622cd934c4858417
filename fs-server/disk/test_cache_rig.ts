/**
 * For tests: a toy file system on a block cache, a model of what it must hold, its deaths and its
 * power cuts. It has a descriptor block that holds checksums of four bitmaps, blocks of metadata and
 * blocks of data that come and go.
 *
 * @module
 */

import { assert, OsError } from "@hako/ipc";
import { BlockCache } from "./block_cache.ts";
import {
  BLOCK_KIND,
  type BlockIntegrity,
  type BlockKind,
  type CachedBlock,
} from "./cached_block.ts";
import { MemoryDisk } from "./memory_disk.ts";

/** What a test throws where an incarnation dies. */
export class ToyDeath extends Error {
  override readonly name = "ToyDeath";
}

/** Blocks of the disk. */
export const TOY_BLOCKS = 128;

const BITMAP_COUNT = 4;
const SEEDED = 8;

function sumOf(words: Uint32Array, owner: number): number {
  let sum = owner + 1;
  for (let index = 1; index < words.length; index++) {
    sum = Math.imul(sum ^ words[index]!, 0x01000193);
  }
  return sum >>> 0;
}

/** Checksums in word 0 of each block, those of bitmaps in words 1 to 4 of the descriptor block. */
export const TOY_INTEGRITY: BlockIntegrity = {
  verify({ kind, words, owner, block }) {
    if (kind === BLOCK_KIND.plain || kind === BLOCK_KIND.blockBitmap) return;
    if (words[0] !== sumOf(words, owner)) throw new OsError("EBADMSG", `block ${block}`);
  },
  seal(blocks) {
    const descriptors = blocks.find(({ kind }) => kind === BLOCK_KIND.descriptors);
    for (const { kind, words, block } of blocks) {
      if (kind === BLOCK_KIND.blockBitmap) descriptors!.words[block] = sumOf(words, 0);
    }
    for (const { kind, words, owner } of blocks) {
      if (kind === BLOCK_KIND.blockBitmap || kind === BLOCK_KIND.plain) continue;
      words[0] = sumOf(words, owner);
    }
  },
};

/** What a block must hold. */
export interface ToyBlock {
  readonly kind: BlockKind;
  readonly owner: number;
  readonly seed: number;
}

/** What must be there after an operation. */
export interface ToyState {
  /** By block: metadata. */
  readonly metadata: Map<number, ToyBlock>;
  /** By block: seeds of data. */
  readonly data: Map<number, number>;
}

/** How a toy is made. */
export interface ToyOptions {
  readonly blockBytes: number;
  /** Bytes of the log, 0 for none. */
  readonly logBytes: number;
  readonly pages?: number;
}

function shared(byteLength: number): Uint8Array {
  return new Uint8Array(new SharedArrayBuffer(byteLength));
}

/** A toy file system with its model. */
export class Toy {
  readonly disk: MemoryDisk;
  readonly options: ToyOptions;
  readonly window: Uint8Array;
  state: ToyState = { metadata: new Map(), data: new Map() };
  cache: BlockCache;
  log: Uint8Array | undefined;
  readonly resting = new Set<number>();
  /** Steps until it dies. */
  fuse = Infinity;
  steps = 0;
  sequence = 0;
  deaths = 0;

  constructor(options: ToyOptions) {
    this.options = options;
    this.disk = new MemoryDisk(TOY_BLOCKS * 4096);
    this.window = shared((options.pages ?? 96) * 4096);
    this.log = options.logBytes > 0 ? shared(options.logBytes) : undefined;
    this.cache = this.#begin();
    this.cache.fresh(0, BLOCK_KIND.descriptors);
    for (let block = 1; block <= BITMAP_COUNT; block++) {
      this.cache.fresh(block, BLOCK_KIND.blockBitmap);
      this.#fill(this.cache.get(block), 1);
      this.state.metadata.set(block, { kind: BLOCK_KIND.blockBitmap, owner: 0, seed: 1 });
    }
    this.#fill(this.cache.get(0), 1);
    this.state.metadata.set(0, { kind: BLOCK_KIND.descriptors, owner: 0, seed: 1 });
    this.cache.commit({ badge: 1, sequence: 0 }, 0);
    this.cache.flush();
    this.disk.before = () => this.step();
    this.steps = 0;
  }

  /** One more point at which it may die. */
  step(): void {
    this.steps++;
    if (--this.fuse === 0) throw new ToyDeath();
  }

  #begin(): BlockCache {
    return new BlockCache(this.disk, this.window, {
      blockBytes: this.options.blockBytes,
      integrity: TOY_INTEGRITY,
      ...(this.log === undefined ? {} : { log: this.log }),
      point: () => this.step(),
    });
  }

  #fill(cached: CachedBlock, seed: number): void {
    this.cache.change(cached);
    cached.words.fill(seed, SEEDED);
  }

  /** A successor takes over, perhaps after some that die while they do. */
  succeed(): void {
    for (;;) {
      this.deaths++;
      if (this.log !== undefined) {
        const copy = shared(this.log.byteLength);
        copy.set(this.log);
        this.log = copy;
      }
      this.window.fill(0xa5);
      this.resting.clear();
      try {
        this.cache = this.#begin();
        this.cache.flush();
        return;
      } catch (error) {
        if (!(error instanceof ToyDeath)) throw error;
      }
    }
  }

  /** Whether a request took effect, as a successor sees it. */
  wasDone(sequence: number): boolean {
    const tags = [...this.cache.inheritedTags, this.disk.lastTag()];
    return tags.some((tag) => tag?.badge === 1 && tag.sequence === sequence);
  }

  /** Runs an operation to its end, whoever dies; `body` builds the state that it leads to. */
  operate(body: (next: ToyState) => "commit" | "roll back"): void {
    const sequence = ++this.sequence;
    for (;;) {
      const next = { metadata: new Map(this.state.metadata), data: new Map(this.state.data) };
      try {
        if (body(next) === "commit") {
          this.cache.commit({ badge: 1, sequence }, 0);
          this.state = next;
        } else this.cache.rollback();
        return;
      } catch (error) {
        if (!(error instanceof ToyDeath)) throw error;
        this.succeed();
        if (!this.wasDone(sequence)) continue;
        this.state = next;
        return;
      }
    }
  }

  /** Does what may be done again until it is through. */
  persist(step: () => void): void {
    for (;;) {
      try {
        return step();
      } catch (error) {
        if (!(error instanceof ToyDeath)) throw error;
        this.succeed();
      }
    }
  }

  /** Gives a block of metadata another content, and the bitmap that goes with it. */
  touch(next: ToyState, block: number, seed: number): void {
    const { kind, owner } = next.metadata.get(block)!;
    this.#fill(this.cache.get(block, kind, owner), seed);
    next.metadata.set(block, { kind, owner, seed });
  }

  /** Makes a block metadata. */
  make(next: ToyState, block: number, kind: BlockKind, owner: number, seed: number): void {
    const cached = this.cache.fresh(block, kind, owner);
    assert(cached.words.every((word) => word === 0), "a fresh block is zero");
    this.#fill(cached, seed);
    next.metadata.set(block, { kind, owner, seed });
  }

  /** Frees a block of metadata or data. */
  free(next: ToyState, block: number): void {
    if (next.metadata.has(block)) this.cache.forget(block);
    next.metadata.delete(block);
    next.data.delete(block);
    this.resting.add(block);
  }

  /** Cuts a block of data: half of it becomes zero in the transaction. */
  cut(next: ToyState, block: number, seed: number): void {
    const cached = this.cache.get(block, BLOCK_KIND.plain);
    this.cache.change(cached);
    cached.words.fill(seed);
    next.data.set(block, seed);
  }

  /** Writes data in place. */
  write(first: number, count: number, seed: number): void {
    const memory = shared(count * this.options.blockBytes);
    new Uint32Array(memory.buffer).fill(seed);
    this.cache.writeData(first, count, memory);
  }

  /** Everything is as the model says, through the cache. Nobody dies of looking. */
  check(): void {
    const { before } = this.disk;
    this.disk.before = () => {};
    for (const [block, { kind, owner, seed }] of this.state.metadata) {
      const { words } = this.cache.get(block, kind, owner);
      for (const at of [SEEDED, words.length >> 1, words.length - 1]) {
        assert(words[at] === seed, `block ${block} holds ${words[at]}, not ${seed}`);
      }
    }
    for (const [block, seed] of this.state.data) {
      const memory = shared(this.options.blockBytes);
      this.cache.readData(block, 1, memory);
      const isRight = new Uint32Array(memory.buffer).every((word) => word === seed);
      assert(
        isRight,
        `data block ${block} holds ${new Uint32Array(memory.buffer)[0]}, not ${seed}`,
      );
    }
    this.disk.before = before;
  }
}

/** Whether a disk holds a state: every checksum is right, every block as told. */
export function requireState(disk: MemoryDisk, state: ToyState, blockBytes: number): void {
  const words = (block: number) =>
    new Uint32Array(disk.peek(block * blockBytes, blockBytes).buffer);
  for (const [block, { kind, owner, seed }] of state.metadata) {
    const found = words(block);
    assert(found[SEEDED] === seed, `block ${block} holds ${found[SEEDED]}, not ${seed}`);
    assert(found.at(-1) === seed, `block ${block} is whole`);
    const sum = kind === BLOCK_KIND.blockBitmap ? words(0)[block] : found[0];
    assert(sum === sumOf(found, owner), `block ${block} has its checksum`);
  }
}
