/**
 * For tests: maps of files without a file system under them. The cache spoils every block that it
 * need not keep any longer, the allocation knows who owns what, and a model knows what is where.
 *
 * @module
 */

import type { Random } from "./test_random.ts";
import { assert, assertEquals } from "@std/assert";
import { OsError } from "@hako/ipc";
import type { BlockCache } from "../disk/block_cache.ts";
import type { CachedBlock } from "../disk/cached_block.ts";
import type { BlockKind } from "../disk/cached_block.ts";
import type { BlockAllocation, BlockRun } from "./block_allocation.ts";
import { childOf, depthOf, entryCount, extentOf, isNode, keyOf } from "./extent_node.ts";
import { FileMap } from "./file_map.ts";
import type { Geometry } from "./geometry.ts";
import type { Inode } from "./inode.ts";

/** Requests for which a block that was asked for stays whole. */
const HELD = 16;

/** How a rig is built. */
export interface MapRigOptions {
  readonly random: Random;
  readonly blockBytes: number;
  readonly hasExtents: boolean;
  readonly changedSoftMax?: number;
  /** Most blocks that `take` gives at once. */
  readonly runMax?: number;
  readonly blockCount?: number;
}

/** A map, the inode that it works on, and what should be in it. */
export class MapRig {
  readonly blockBytes: number;
  readonly map: FileMap;
  readonly inode: Inode;
  /** By file block: the block, and whether it is unwritten. */
  readonly model = new Map<number, { block: number; isUnwritten: boolean }>();
  /** Blocks in use. */
  readonly owned = new Set<number>();
  readonly #random: Random;
  readonly #blocks = new Map<number, SpoiledBlock>();
  readonly #runMax: number;
  readonly #blockCount: number;
  #tick = 0;
  changedSoftMax: number;
  changedCount = 0;
  /** How often a change stopped because it was too large for one transaction. */
  stops = 0;

  constructor(options: MapRigOptions) {
    this.blockBytes = options.blockBytes;
    this.#random = options.random;
    this.#runMax = options.runMax ?? 40;
    this.#blockCount = options.blockCount ?? 2 ** 24;
    this.changedSoftMax = options.changedSoftMax ?? 900;
    this.map = new FileMap(
      this as unknown as BlockCache,
      {
        isOwnable: (block: number) => block > 0 && block < this.#blockCount,
        areOwnable: (first: number, count: number) => first > 0 && first + count <= 2 ** 24,
        goalFor: () => 100,
        features: { hasExtents: options.hasExtents, hasHugeFile: true },
      } as unknown as Geometry,
      this as unknown as BlockAllocation,
    );
    this.inode = newInode();
    this.map.begin(this.inode);
  }

  /** As `BlockCache.get`. */
  get(block: number, _kind?: BlockKind, _owner?: number): CachedBlock {
    const entry = this.#blocks.get(block);
    assert(entry !== undefined, `block ${block} is a node`);
    this.#spoil();
    entry.stamp = ++this.#tick;
    return this.#cachedOf(block, entry);
  }

  /** As `BlockCache.fresh`. */
  fresh(block: number, _kind?: BlockKind, _owner?: number): CachedBlock {
    assert(this.owned.has(block), "only what was taken becomes a node");
    const entry = {
      words: new Uint32Array(this.blockBytes / 4),
      stamp: ++this.#tick,
      changed: true,
    };
    this.#blocks.set(block, entry);
    this.changedCount++;
    this.#spoil();
    return this.#cachedOf(block, entry);
  }

  /** As `BlockCache.change`. */
  change(cached: CachedBlock): void {
    const entry = this.#blocks.get(cached.block);
    assert(entry !== undefined && entry.words === cached.words, "a block is held when it changes");
    if (!entry.changed) this.changedCount++;
    entry.changed = true;
  }

  /** As `BlockCache.forget`. */
  forget(block: number): void {
    this.#blocks.delete(block);
  }

  /** As `BlockAllocation.take`: now at the goal, now anywhere, long or short. */
  take(goal: number, wanted: number): BlockRun {
    if (this.owned.size >= this.#blockCount) throw new OsError("ENOSPC", "test");
    this.#push();
    let first = goal;
    while (this.#random(3) === 0 || this.owned.has(first) || first < 1) {
      first = 1 + this.#random(2 ** 24 - 40_000);
    }
    let count = 1;
    const countMax = Math.min(wanted, 1 + this.#random(this.#runMax));
    while (count < countMax && !this.owned.has(first + count)) count++;
    for (let step = 0; step < count; step++) this.owned.add(first + step);
    return { first, count };
  }

  /** As `BlockAllocation.give`. */
  give(first: number, count: number): void {
    this.#push();
    for (let block = first; block < first + count; block++) {
      if (!this.owned.delete(block)) throw new OsError("EUCLEAN", `block ${block} is free`);
      assert(!this.#blocks.has(block), "a node is forgotten before it is given back");
    }
  }

  /** Ends an operation: nothing is changed any more. */
  commit(): void {
    for (const entry of this.#blocks.values()) entry.changed = false;
    this.changedCount = 0;
  }

  /** Takes blocks for a hole as long as it is, at most `count` blocks, and assigns them. */
  fill(fileBlock: number, count: number, isUnwritten: boolean): number {
    const hole = this.map.lookup(this.inode, fileBlock, count);
    if (hole.first !== 0) return hole.count;
    const run = this.take(this.map.goal(this.inode, fileBlock), hole.count);
    this.map.assign(this.inode, fileBlock, run, isUnwritten);
    for (let step = 0; step < run.count; step++) {
      this.model.set(fileBlock + step, { block: run.first + step, isUnwritten });
    }
    return run.count;
  }

  /** Compares lookups from `from` to `to` with the model. */
  compare(from: number, to: number): void {
    for (let at = from; at < to;) {
      const { first, count, isUnwritten } = this.map.lookup(this.inode, at, to - at);
      assert(count > 0 && count <= to - at, "a run has blocks, and no more than asked for");
      for (let step = 0; step < count; step++) {
        const known = this.model.get(at + step);
        const got = first === 0 ? undefined : { block: first + step, isUnwritten };
        assertEquals(got, known, `file block ${at + step}`);
      }
      at += count;
    }
  }

  /** Checks that the map is whole, owns what it should and no more, and counts it. */
  check(): void {
    const nodes = this.map.hasExtents(this.inode) ? this.#checkExtents() : this.#indirectBlocks();
    const all = new Set([...[...this.model.values()].map(({ block }) => block), ...nodes]);
    assertEquals(all.size, this.model.size + nodes.length, "no block is there twice");
    assertEquals(all.size, this.owned.size, "what is owned is in the map");
    for (const block of all) assert(this.owned.has(block), `block ${block} is owned`);
    assertEquals(this.inode.sectors, (all.size * this.blockBytes) / 512, "blocks are counted");
  }

  #checkExtents(): number[] {
    const nodes: number[] = [];
    const walk = (words: Uint32Array, depth: number, low: number, high: number) => {
      assert(isNode(words, words.length), "a node is one");
      assertEquals(depthOf(words), depth);
      const count = entryCount(words);
      assert(count > 0 || words === this.inode.pointers, "no node but the root is empty");
      if (low > 0) assertEquals(keyOf(words, 0), low, "a node begins where its parent says");
      for (let position = 0; position < count; position++) {
        const key = keyOf(words, position);
        const next = position + 1 < count ? keyOf(words, position + 1) : high;
        assert(key >= low && key < next, "keys are in order");
        if (depth === 0) {
          assert(key + extentOf(words, position).count <= next, "extents are apart");
        } else {
          const child = childOf(words, position);
          nodes.push(child);
          const entry = this.#blocks.get(child);
          assert(entry !== undefined, "a child is a node");
          walk(entry.words, depth - 1, key, next);
        }
      }
    };
    walk(this.inode.pointers, depthOf(this.inode.pointers), 0, 2 ** 32 - 1);
    return nodes;
  }

  #indirectBlocks(): number[] {
    const nodes: number[] = [];
    const walk = (pointer: number, level: number) => {
      if (pointer === 0) return;
      nodes.push(pointer);
      const entry = this.#blocks.get(pointer);
      assert(entry !== undefined, "an indirect block is one");
      assert(entry.words.some((word) => word !== 0), "no indirect block is empty");
      if (level > 1) entry.words.forEach((child) => walk(child, level - 1));
    };
    for (const level of [1, 2, 3]) walk(this.inode.pointers[11 + level] as number, level);
    return nodes;
  }

  /** As a search for blocks does: pushes everything out that is not held. */
  #push(): void {
    this.#tick += HELD + 1;
    this.#spoil();
  }

  #spoil(): void {
    for (const entry of this.#blocks.values()) {
      if (entry.changed || this.#tick - entry.stamp < HELD || entry.stamp < 0) continue;
      const copy = entry.words.slice();
      entry.words.fill(0xdeadbeef);
      entry.words = copy;
      entry.stamp = -1;
    }
  }

  #cachedOf(block: number, { words }: SpoiledBlock): CachedBlock {
    return { block, words, bytes: new Uint8Array(words.buffer) } as unknown as CachedBlock;
  }
}

interface SpoiledBlock {
  words: Uint32Array;
  stamp: number;
  changed: boolean;
}

function newInode(): Inode {
  return {
    number: 12,
    mode: 0o100644,
    size: 0,
    sectors: 0,
    flags: 0,
    seed: 0,
    pointers: new Uint32Array(15),
  } as unknown as Inode;
}
