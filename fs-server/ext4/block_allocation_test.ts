import { randomOf } from "./test_random.ts";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { OsError } from "@hako/ipc";
import { BLOCK_KIND } from "../disk/cached_block.ts";
import { hasTool } from "./test_images.ts";
import { clearRun } from "./bitmap.ts";
import { BlockAllocation, type BlockRun } from "./block_allocation.ts";
import { ImageRig, makeImage } from "./test_mke2fs.ts";
import { SUPERBLOCK as SB } from "./layouts/superblock.ts";

const ignore = !hasTool("mke2fs");
const ROOT = { uid: 0, gid: 0, groups: [] };
const SOMEBODY = { uid: 1000, gid: 1000, groups: [20] };

class BlockRig extends ImageRig {
  readonly blocks = new BlockAllocation(this.cache, this.geometry, this.accounts);

  /** Takes blocks until there are no more; answers the runs. */
  drain(wanted: number): BlockRun[] {
    const runs: BlockRun[] = [];
    try {
      while (true) runs.push(this.blocks.take(0, wanted));
    } catch (error) {
      if (!(error instanceof OsError) || error.code !== "ENOSPC") throw error;
    }
    return runs;
  }
}

/** One group of 4 KiB blocks. */
function smallRig(args: readonly string[] = []): BlockRig {
  return new BlockRig(makeImage(["-t", "ext2", "-b", "4096", "-m", "0", ...args], 20_000));
}

/** Many groups of 1 KiB blocks. */
function largeRig(): BlockRig {
  return new BlockRig(makeImage(["-t", "ext4", "-b", "1024", "-g", "512", "-m", "0"], 40_000));
}

Deno.test({
  name: "BlockAllocation.give() lets blocks rest until the next flush",
  ignore,
  fn() {
    const rig = smallRig();
    const first = rig.blocks.take(3000, 8);
    rig.blocks.give(first.first, first.count);
    rig.commit();
    assert(rig.blocks.hasResting);
    const second = rig.blocks.take(3000, 8);
    assertEquals(second, { first: 3008, count: 8 });
    rig.blocks.flushed();
    assert(!rig.blocks.hasResting);
    assertEquals(rig.blocks.take(3000, 8), first);
  },
});

Deno.test({
  name:
    "BlockAllocation.take() flushes when only resting blocks are left, but for those of its own operation",
  ignore,
  fn() {
    const rig = smallRig();
    const runs = rig.drain(100);
    rig.commit();
    const [one, two] = runs as [BlockRun, BlockRun];
    rig.blocks.give(one.first, one.count);
    assertThrows(() => rig.blocks.take(0, 1), OsError, "ENOSPC");
    rig.commit();
    rig.blocks.give(two.first, two.count);
    const flushes = rig.cache.flushes;
    assertEquals(rig.blocks.take(two.first, 1000), one);
    assertEquals(rig.cache.flushes, flushes + 1);
    assertThrows(() => rig.blocks.take(0, 1), OsError, "ENOSPC");
    rig.commit();
    assertEquals(rig.blocks.take(0, 1000), two);
  },
});

Deno.test({
  name: "BlockAllocation.take() leaves reserved blocks to root and whom the superblock names",
  ignore,
  fn() {
    const rig = new BlockRig(makeImage(["-t", "ext4", "-b", "1024", "-m", "10"], 20_000));
    const reserved = rig.accounts.blocksReserved;
    assert(reserved > 1000);
    const free = rig.accounts.blocksFree;
    assertEquals(rig.blocks.freeCount, free);
    rig.blocks.actFor(SOMEBODY);
    assertEquals(rig.blocks.freeCount, free - reserved);
    rig.drain(300);
    assertEquals(rig.accounts.blocksFree, reserved);
    assertEquals(rig.blocks.freeCount, 0);
    rig.blocks.actFor(ROOT);
    rig.blocks.take(0, 1);
    assertEquals(rig.blocks.freeCount, reserved - 1);
    rig.blocks.actFor(SOMEBODY);
    assertEquals(rig.blocks.freeCount, 0);
    const cached = rig.cache.get(rig.sizes.superblockBlock, BLOCK_KIND.superblock, 0);
    cached.view.setUint16(rig.sizes.superblockOffset + SB.reserveGid, 20, true);
    rig.blocks.actFor(SOMEBODY);
    rig.drain(300);
    assertEquals(rig.accounts.blocksFree, 0);
  },
});

Deno.test({
  name: "BlockAllocation.take() goes on at its goal, through the ends of groups",
  ignore,
  fn() {
    const rig = largeRig();
    let goal = rig.geometry.firstBlockOf(20);
    const taken: BlockRun[] = [];
    for (let round = 0; round < 30; round++) {
      const run = rig.blocks.take(goal, 100);
      taken.push(run);
      goal = run.first + run.count;
    }
    const breaks = taken.filter(({ first }, index) => {
      const before = taken[index - 1];
      return before !== undefined && before.first + before.count !== first;
    });
    // Only metadata of a group lies between two runs.
    for (const { first } of breaks) assert(!rig.geometry.isOwnable(first - 1), `break at ${first}`);
    assert(taken.reduce((sum, { count }) => sum + count, 0) > 2500);
  },
});

Deno.test({
  name:
    "BlockAllocation.take() prefers a whole run to a nearer piece, and the largest piece at last",
  ignore,
  fn() {
    const rig = largeRig();
    rig.drain(512);
    rig.commit();
    const free = (group: number, start: number, count: number) =>
      rig.blocks.give(rig.geometry.firstBlockOf(group) + start, count);
    free(30, 100, 5);
    free(30, 200, 20);
    free(50, 300, 64);
    rig.commit();
    rig.blocks.flushed();
    const goal = rig.geometry.firstBlockOf(30);
    const at = ({ first, count }: BlockRun) => {
      const group = rig.geometry.groupOfBlock(first);
      return [group, first - rig.geometry.firstBlockOf(group), count];
    };
    assertEquals(at(rig.blocks.take(goal, 60)), [50, 300, 60]);
    assertEquals(at(rig.blocks.take(goal, 10)), [30, 200, 10]);
    assertEquals(at(rig.blocks.take(goal + 100, 8)), [30, 100, 5]);
    assertEquals(at(rig.blocks.take(goal, 60)), [30, 210, 10]);
    assertEquals(at(rig.blocks.take(goal, 60)), [50, 360, 4]);
    assertThrows(() => rig.blocks.take(goal, 1), OsError, "ENOSPC");
  },
});

Deno.test({
  name: "BlockAllocation.take() on a nearly full disk looks at few groups",
  ignore,
  fn() {
    const rig = largeRig();
    rig.drain(512);
    rig.commit();
    const last = rig.sizes.groupCount - 2;
    const first = rig.geometry.firstBlockOf(last) + 200;
    rig.blocks.give(first, 40);
    rig.commit();
    rig.blocks.flushed();
    let gets = 0;
    const { get } = rig.cache;
    rig.cache.get = (...args) => {
      gets++;
      return get.apply(rig.cache, args);
    };
    for (let count = 0; count < 40; count++) {
      assertEquals(rig.blocks.take(rig.geometry.firstBlockOf(1), 1), {
        first: first + count,
        count: 1,
      });
    }
    assert(gets / 40 < 30, `${gets / 40} blocks looked at for each`);
  },
});

Deno.test({
  name: "BlockAllocation finds again what a rollback gave back",
  ignore,
  fn() {
    const rig = smallRig();
    const random = randomOf(23);
    for (let round = 0; round < 50; round++) {
      const free = rig.accounts.blocksFree;
      const runs = rig.drain(1 + random(2000));
      assertEquals(runs.reduce((sum, { count }) => sum + count, 0), free);
      rig.cache.rollback();
      assertEquals(rig.accounts.blocksFree, free);
      const { first, count } = rig.blocks.take(random(5000), 1 + random(30));
      if (random(2) === 0) rig.blocks.give(first, count);
      rig.commit();
    }
    const large = largeRig();
    const free = large.accounts.blocksFree;
    for (let round = 0; round < 3; round++) {
      assertEquals(large.drain(300).reduce((sum, { count }) => sum + count, 0), free);
      large.cache.rollback();
    }
  },
});

Deno.test({
  name: "BlockAllocation refuses bitmaps, counts and blocks that cannot be",
  ignore,
  fn() {
    const rig = smallRig();
    const { first, count } = rig.blocks.take(0, 10);
    const give = (block: number, length: number) => () => rig.blocks.give(block, length);
    assertThrows(give(rig.geometry.inodeTable(0), 1), OsError, "EUCLEAN");
    assertThrows(give(rig.sizes.blockCount - 1, 2), OsError, "EUCLEAN");
    rig.blocks.give(first, count);
    assertThrows(give(first, 1), OsError, "EUCLEAN");

    const other = smallRig();
    const bitmap = other.cache.get(other.geometry.blockBitmap(0), BLOCK_KIND.blockBitmap, 0);
    clearRun(bitmap.words, other.geometry.inodeTable(0), 1);
    assertThrows(() => other.blocks.take(0, 1), OsError, "EUCLEAN");

    const counts = largeRig();
    const group = 10; // Never written, and said to have another number of free blocks.
    counts.accounts.addBlocksFree(group, -7);
    assertThrows(
      () => counts.blocks.take(counts.geometry.firstBlockOf(group), 1),
      OsError,
      "EUCLEAN",
    );
  },
});
