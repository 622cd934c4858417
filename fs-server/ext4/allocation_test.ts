import { randomOf } from "./test_random.ts";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { OsError } from "@hako/ipc";
import { hasTool } from "./test_images.ts";
import { BlockAllocation, type BlockRun } from "./block_allocation.ts";
import { ImageRig, makeImage, VARIANTS } from "./test_mke2fs.ts";
import { InodeTable, toDiskTime } from "./inode.ts";
import { InodeAllocation } from "./inode_allocation.ts";
import { MODE_DIRECTORY, MODE_FILE } from "./layouts/inode.ts";

const ignore = !hasTool("mke2fs");
const NOW = toDiskTime(1_700_000_000_000);

/** An image with allocation on it. */
class AllocationRig extends ImageRig {
  readonly blocks: BlockAllocation;
  readonly numbers: InodeAllocation;
  readonly inodes: InodeTable;

  constructor(image: Uint8Array) {
    super(image);
    this.blocks = new BlockAllocation(this.cache, this.geometry, this.accounts);
    this.numbers = new InodeAllocation(this.cache, this.geometry, this.accounts);
    this.inodes = new InodeTable(this.cache, this.geometry);
  }
}

for (const [name, args] of VARIANTS) {
  Deno.test({
    name: `blocks are taken to the last and given back as they were: ${name}`,
    ignore,
    fn() {
      const rig = new AllocationRig(makeImage(args, 18_000));
      const before = rig.image.slice();
      const free = rig.accounts.blocksFree;
      const runs: BlockRun[] = [];
      const random = randomOf(3);
      const seen = new Set<number>();
      while (rig.accounts.blocksFree > 0) {
        const run = rig.blocks.take(random(rig.sizes.blockCount), 1 + random(700));
        for (let block = run.first; block < run.first + run.count; block++) {
          assert(!seen.has(block) && rig.geometry.isOwnable(block));
          seen.add(block);
        }
        runs.push(run);
      }
      assertEquals(seen.size, free);
      assertThrows(() => rig.blocks.take(0, 1), OsError, "ENOSPC");
      rig.commit();
      assertEquals(new AllocationRig(rig.image).accounts.blocksFree, 0);
      for (const { first, count } of runs) rig.blocks.give(first, count);
      rig.commit();
      assertEquals(rig.accounts.blocksFree, free);
      const { code, output } = rig.fsck();
      assertEquals(code, 0, output);
      if (!rig.sizes.features.hasUninitGroups) assertEquals(rig.image, before);
    },
  });

  Deno.test({
    name: `inodes are made in every group and removed again: ${name}`,
    ignore,
    fn() {
      const rig = new AllocationRig(makeImage([...args, "-N", "1200"], 18_000));
      const free = rig.accounts.inodesFree;
      const taken: number[] = [];
      while (rig.accounts.inodesFree > 0) {
        const isDirectory = taken.length % 3 === 0;
        const parent = taken.length % 2 === 0 ? 2 : taken[taken.length >> 1] ?? 2;
        const number = isDirectory
          ? rig.numbers.takeForDirectory(parent)
          : rig.numbers.takeForFile(parent);
        const mode = isDirectory ? MODE_DIRECTORY : MODE_FILE;
        rig.inodes.store(rig.inodes.create(number, mode, NOW));
        taken.push(number);
      }
      assertEquals(new Set(taken).size, free);
      for (let group = 0; group < rig.sizes.groupCount; group++) {
        assertEquals(rig.accounts.inodesUnusedIn(group), 0);
      }
      assertThrows(() => rig.numbers.takeForFile(2), OsError, "ENOSPC");
      rig.commit();
      const other = new AllocationRig(rig.image);
      for (const [index, number] of taken.entries()) {
        const inode = other.inodes.load(number);
        inode.dtime = 1_700_000_000;
        other.inodes.store(inode);
        if (index % 3 === 0) other.numbers.giveDirectory(number);
        else other.numbers.give(number);
      }
      other.commit();
      assertEquals(other.accounts.inodesFree, free);
      const { code, output } = other.fsck();
      assertEquals(code, 0, output);
    },
  });
}

Deno.test({
  name: "groups that were never written count as free, and are made when they are used",
  ignore,
  fn() {
    const rig = new AllocationRig(makeImage(["-t", "ext4", "-b", "1024"], 100_000));
    const group = 7;
    const goal = rig.geometry.firstBlockOf(group) + 5000;
    const run = rig.blocks.take(goal, 100);
    assertEquals(run, { first: goal, count: 100 });
    rig.commit();
    // Nobody owns the blocks, and that is all that is wrong.
    const { output } = rig.fsck();
    assert(/bitmap differences: +-\(/.test(output), output);
    assert(!/checksum|uninit|invalid|wrong for group/i.test(output), output);
    rig.blocks.give(run.first, run.count);
    rig.commit();
    assertEquals(rig.fsck().code, 0);
  },
});

Deno.test({
  name: "inodes in the table that were never used count as such up to the last one in use",
  ignore,
  fn() {
    const rig = new AllocationRig(makeImage(["-t", "ext4", "-b", "1024"], 100_000));
    const group = 5;
    const { inodesPerGroup } = rig.sizes;
    const parent = group * inodesPerGroup + 1;
    const numbers = [0, 1, 2].map(() => rig.numbers.takeForFile(parent));
    assertEquals(numbers, [parent, parent + 1, parent + 2]);
    assertEquals(rig.accounts.inodesUnusedIn(group), inodesPerGroup - 3);
    rig.numbers.give(parent + 1);
    assertEquals(rig.accounts.inodesUnusedIn(group), inodesPerGroup - 3);
    assertEquals(rig.numbers.takeForFile(parent), parent + 1);
    rig.accounts.setInodesUnusedIn(group, inodesPerGroup - 1);
    assertThrows(() => rig.numbers.takeForFile(parent), OsError, "EUCLEAN");
  },
});

Deno.test({
  name: "InodeAllocation finds again what a rollback gave back, and refuses what cannot be given",
  ignore,
  fn() {
    const image = makeImage(["-t", "ext4", "-b", "1024", "-g", "1024", "-N", "400"], 18_000);
    const rig = new AllocationRig(image);
    const free = rig.accounts.inodesFree;
    for (let round = 0; round < 3; round++) {
      for (let count = 0; count < free; count++) rig.numbers.takeForFile(2);
      assertThrows(() => rig.numbers.takeForDirectory(2), OsError, "ENOSPC");
      rig.cache.rollback();
    }
    for (const number of [2, 11, rig.sizes.inodeCount]) {
      if (number === 11) rig.numbers.giveDirectory(number);
      assertThrows(() => rig.numbers.give(number), OsError, "EUCLEAN");
    }
  },
});

Deno.test({
  name: "directories under the root are spread over the groups, others stay near their parent",
  ignore,
  fn() {
    const image = makeImage(["-t", "ext4", "-b", "1024", "-g", "1024"], 40_000);
    const rig = new AllocationRig(image);
    const groups = new Set<number>();
    for (let count = 0; count < 30; count++) {
      const top = rig.numbers.takeForDirectory(2);
      groups.add(rig.geometry.groupOfInode(top));
      const inner = rig.numbers.takeForDirectory(top);
      assert(Math.abs(rig.geometry.groupOfInode(inner) - rig.geometry.groupOfInode(top)) <= 1);
      const file = rig.numbers.takeForFile(inner);
      assertEquals(rig.geometry.groupOfInode(file), rig.geometry.groupOfInode(inner));
    }
    assert(groups.size >= 15, `${groups.size} groups`);
  },
});

Deno.test({
  name: "nothing is read of bitmaps and inode tables that were never written",
  ignore,
  fn() {
    for (const feature of ["metadata_csum", "^metadata_csum,uninit_bg"]) {
      const args = ["-t", "ext4", "-b", "1024", "-O", feature, "-E", "lazy_itable_init=1"];
      const plain = new AllocationRig(makeImage(args, 100_000));
      const { geometry, sizes, image } = plain;
      const group = 5;
      const waste = (block: number, count: number) =>
        image.fill(0xa5, block * sizes.blockBytes, (block + count) * sizes.blockBytes);
      waste(geometry.blockBitmap(group), 1);
      waste(geometry.inodeBitmap(group), 1);
      waste(geometry.inodeTable(group), sizes.inodeTableBlocks);
      const rig = new AllocationRig(image);
      const parent = group * sizes.inodesPerGroup + 1;
      const numbers = [0, 1, 2, 3, 4, 5].map(() => rig.numbers.takeForFile(parent));
      for (const number of numbers) {
        const inode = rig.inodes.create(number, MODE_FILE, NOW);
        inode.dtime = 1_700_000_000;
        rig.inodes.store(inode);
        rig.numbers.give(number);
      }
      const run = rig.blocks.take(geometry.firstBlockOf(group), 50);
      assertEquals(rig.geometry.groupOfBlock(run.first), group);
      rig.blocks.give(run.first, run.count);
      rig.commit();
      const { code, output } = rig.fsck();
      assertEquals(code, 0, output);
      assertEquals(rig.accounts.inodesUnusedIn(group), sizes.inodesPerGroup - numbers.length);
    }
  },
});
