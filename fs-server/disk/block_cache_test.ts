import { assert, assertEquals, assertThrows } from "@std/assert";
import { OsError } from "@hako/ipc";
import { BlockCache } from "./block_cache.ts";
import { requireState, Toy, TOY_BLOCKS, type ToyOptions } from "./test_cache_rig.ts";
import { BLOCK_KIND, type BlockKind } from "./cached_block.ts";
import { MemoryDisk } from "./memory_disk.ts";

const KINDS: BlockKind[] = [BLOCK_KIND.directory, BLOCK_KIND.extentNode, BLOCK_KIND.hashNode];

function randomOf(seed: number): (bound: number) => number {
  let state = (seed * 2654435761 + 12345) >>> 0 || 1;
  return (bound) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % bound;
  };
}

/** A script of operations that a seed fixes, whoever dies in it. */
function script(toy: Toy, seed: number, count: number): void {
  const random = randomOf(seed);
  for (let step = 0; step < count; step++) {
    const turn = random(20);
    if (turn === 0) {
      toy.persist(() => {
        toy.cache.flush();
        toy.resting.clear();
      });
    } else if (turn === 1) toy.persist(() => toy.cache.checkpoint());
    else if (turn < 6) writeSomeData(toy, random);
    else changeSomething(toy, random);
    toy.persist(() => toy.check());
  }
  toy.persist(() => toy.cache.flush());
  toy.check();
  requireState(toy.disk, toy.state, toy.options.blockBytes);
}

/** Writes new or old blocks of data, then makes them the file system's. */
function writeSomeData(toy: Toy, random: (bound: number) => number): void {
  const [first, wanted, seed] = [5 + random(TOY_BLOCKS - 10), 1 + random(5), 1000 + random(1e6)];
  let count = 0;
  const mayWrite = (block: number) =>
    !toy.state.metadata.has(block) && !toy.resting.has(block) && block < TOY_BLOCKS;
  while (count < wanted && mayWrite(first + count)) count++;
  if (count === 0) return;
  const blocks = Array.from({ length: count }, (_, index) => first + index);
  const owned = blocks.filter((block) => toy.state.data.has(block));
  const [isUndone, isCutFirst] = [random(3) === 0, random(3) === 0];
  toy.operate((next) => {
    // What is overwritten holds either while the operation runs.
    for (const block of blocks) toy.state.data.delete(block);
    for (const block of isCutFirst ? owned : []) toy.cut(next, block, seed + 1);
    toy.touch(next, 1 + seed % 4, seed);
    toy.touch(next, 0, seed);
    toy.write(first, count, seed);
    for (const block of blocks) next.data.set(block, seed);
    return isUndone ? "roll back" : "commit";
  });
  // Undone or not, it is written.
  for (const block of owned) toy.state.data.set(block, seed);
}

function changeSomething(toy: Toy, random: (bound: number) => number): void {
  const seed = 1000 + random(1e6);
  const choices = Array.from({ length: 1 + random(6) }, () => [random(4), random(1e6)] as const);
  const isUndone = random(5) === 0;
  toy.operate((next) => {
    toy.touch(next, 0, seed);
    toy.touch(next, 1 + seed % 4, seed);
    for (const [what, number] of choices) {
      const block = 5 + number % (TOY_BLOCKS - 6);
      const isMetadata = next.metadata.has(block);
      if (what === 0 && (isMetadata || next.data.has(block))) toy.free(next, block);
      else if (what === 1 && next.data.has(block)) toy.cut(next, block, seed);
      else if (isMetadata) toy.touch(next, block, seed);
      else if (!next.data.has(block) && !toy.resting.has(block)) {
        toy.make(next, block, KINDS[number % 3]!, number % 7, seed);
      }
    }
    return isUndone ? "roll back" : "commit";
  });
}

const SHAPES: ToyOptions[] = [1024, 2048, 4096].flatMap((blockBytes) =>
  [0, 16 * 4096, 2 ** 20].map((logBytes) => ({ blockBytes, logBytes }))
);

for (const shape of SHAPES) {
  const name = `blocks of ${shape.blockBytes}, a log of ${shape.logBytes}`;

  Deno.test(`a cache holds what was committed, and nothing else: ${name}`, () => {
    for (let seed = 1; seed <= 12; seed++) script(new Toy(shape), seed, 150);
  });

  Deno.test(`whoever dies at any step, its successor goes on: ${name}`, () => {
    const counting = new Toy(shape);
    script(counting, 7, 40);
    for (let at = 1; at <= counting.steps; at++) {
      const toy = new Toy(shape);
      toy.fuse = at;
      script(toy, 7, 40);
      assert(toy.deaths > 0, "it died");
    }
  });

  Deno.test(`many deaths, one after the other: ${name}`, () => {
    let deaths = 0;
    for (let seed = 1; seed <= 12; seed++) {
      const toy = new Toy(shape);
      const random = randomOf(seed + 1000);
      const { step } = toy;
      toy.step = () => {
        if (toy.fuse === Infinity || toy.fuse <= 0) toy.fuse = 5 + random(80);
        step.call(toy);
      };
      script(toy, seed, 100);
      deaths += toy.deaths;
    }
    assert(deaths > 5, "they died");
  });
}

function shared(byteLength: number): Uint8Array {
  return new Uint8Array(new SharedArrayBuffer(byteLength));
}

Deno.test("changed blocks never fill the cache: they go to the disk in time", () => {
  const disk = new MemoryDisk(2048 * 4096);
  const cache = new BlockCache(disk, shared(80 * 4096), { log: shared(2 ** 23) });
  let most = 0;
  const transact = disk.transact.bind(disk);
  disk.transact = (blocks, ...rest) => {
    most = Math.max(most, blocks.length);
    transact(blocks, ...rest);
  };
  for (let block = 0; block < 1000; block++) {
    cache.fresh(block, BLOCK_KIND.directory).words.fill(block);
    if (block % 3 === 2) cache.commit({ badge: 1, sequence: block }, 0);
  }
  cache.commit({ badge: 1, sequence: 1000 }, 0);
  assert(most > 32 && most <= 64, `${most} blocks at once`);
  for (let block = 0; block < 1000; block++) assertEquals(cache.get(block).words[9], block);
});

Deno.test("an operation that changes more than the cache holds is refused, and undone", () => {
  const disk = new MemoryDisk(2048 * 4096);
  const cache = new BlockCache(disk, shared(80 * 4096), { log: shared(2 ** 20) });
  cache.fresh(1, BLOCK_KIND.directory).words.fill(1);
  cache.commit({ badge: 1, sequence: 1 }, 0);
  const changeAll = () => {
    for (let block = 0; block < 100; block++) {
      cache.fresh(block, BLOCK_KIND.directory).words.fill(2);
    }
  };
  assertEquals(assertThrows(changeAll, OsError).code, "ENOMEM");
  cache.rollback();
  assertEquals([cache.get(1).words[5], cache.get(2).words[5]], [1, 0]);
});

Deno.test("what a block held before data was written over it is not believed", () => {
  const { cache } = new Toy({ blockBytes: 1024, logBytes: 2 ** 16 });
  cache.fresh(10, BLOCK_KIND.directory, 1);
  cache.commit({ badge: 1, sequence: 1 }, 0);
  cache.checkpoint();
  const mark = cache.get(10, BLOCK_KIND.directory, 1);
  mark.mark = 7;
  const data = shared(1024);
  data.fill(9);
  cache.writeData(10, 1, data);
  assertEquals(cache.get(10, BLOCK_KIND.plain).mark, 0);
  assertThrows(() => cache.get(10, BLOCK_KIND.directory, 1), OsError, "block 10");
});

Deno.test("a block is one thing at a time, and on the disk", () => {
  const { cache } = new Toy({ blockBytes: 2048, logBytes: 2 ** 16 });
  const cached = cache.fresh(10, BLOCK_KIND.directory, 1);
  assertThrows(() => cache.get(10, BLOCK_KIND.indirect), OsError, "two things");
  assertThrows(() => cache.get(10, BLOCK_KIND.directory, 2), OsError, "two things");
  cache.change(cached, BLOCK_KIND.hashNode, 2);
  assertEquals(cache.get(10, BLOCK_KIND.hashNode, 2), cached);
  for (const block of [-1, TOY_BLOCKS * 2, 2 ** 47, NaN]) {
    const error = assertThrows(() => cache.get(block, BLOCK_KIND.directory), OsError);
    assertEquals(error.code, "EUCLEAN");
  }
});

Deno.test("a mark goes with the bytes: into the log, back from it, and to a successor", () => {
  for (const blockBytes of [1024, 4096]) {
    const toy = new Toy({ blockBytes, logBytes: 2 ** 17 });
    const { cache } = toy;
    const marked = () => cache.get(10, BLOCK_KIND.directory, 1);
    cache.fresh(10, BLOCK_KIND.directory, 1).mark = 3;
    cache.commit({ badge: 1, sequence: 1 }, 0);
    cache.change(marked());
    marked().mark = 7;
    cache.rollback();
    assertEquals(marked().mark, 3);

    cache.change(marked());
    marked().mark = 5;
    // The running operation's mark is still its own behind a checkpoint, and goes with a rollback.
    cache.checkpoint();
    assertEquals(marked().mark, 5);
    cache.rollback();
    assertEquals(marked().mark, 0);

    cache.change(marked());
    marked().mark = -1;
    cache.commit({ badge: 1, sequence: 2 }, 0);
    const log = toy.log!;
    const successor = new BlockCache(toy.disk, shared(96 * 4096), { blockBytes, log });
    assertEquals(successor.get(10, BLOCK_KIND.directory, 1).mark, -1);
  }
});
