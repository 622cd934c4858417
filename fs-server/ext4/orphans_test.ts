import { assert, assertEquals, assertThrows } from "@std/assert";
import { OsError } from "@hako/ipc";
import { NO_REQUEST } from "../disk/disk.ts";
import { DataRig } from "./test_file.ts";
import { Orphans } from "./orphans.ts";
import { hasTool, IMAGES, madeByMke2fs } from "./test_images.ts";

const ignore = !hasTool("mke2fs");

/** The list of orphans of an image with files from inode 12 on. */
function orphansOf(type: string): { rig: DataRig; orphans: Orphans } {
  const tree = Deno.makeTempDirSync(IMAGES);
  try {
    for (let index = 0; index < 6; index++) Deno.writeTextFileSync(`${tree}/${index}`, "");
    const rig = new DataRig(madeByMke2fs(16 * 2 ** 20, "-t", type, "-d", tree));
    return { rig, orphans: new Orphans(rig.accounts, rig.inodes) };
  } finally {
    Deno.removeSync(tree, { recursive: true });
  }
}

function add(rig: DataRig, orphans: Orphans, number: number): void {
  const inode = rig.inodes.load(number);
  orphans.add(inode);
  rig.inodes.store(inode);
}

function remove(rig: DataRig, orphans: Orphans, number: number): boolean {
  const inode = rig.inodes.load(number);
  const wasIn = orphans.remove(inode);
  inode.dtime = 0;
  rig.inodes.store(inode);
  return wasIn;
}

for (const type of ["ext2", "ext4"]) {
  Deno.test({
    name: `orphans are added in front, found, and removed from anywhere, ${type}`,
    ignore,
    fn() {
      const { rig, orphans } = orphansOf(type);
      assertEquals(orphans.list(), []);
      for (const number of [12, 14, 13, 16, 17]) add(rig, orphans, number);
      assertEquals(orphans.list(), [17, 16, 13, 14, 12]);
      assert(orphans.has(14) && !orphans.has(15));
      assert(!remove(rig, orphans, 15), "one that is not in");
      assert(remove(rig, orphans, 13), "one in the middle");
      assert(remove(rig, orphans, 17), "the first");
      assert(remove(rig, orphans, 12), "the last");
      assertEquals(orphans.list(), [16, 14]);
      rig.cache.commit(NO_REQUEST, 0);
      rig.succeed();
      assertEquals(new Orphans(rig.accounts, rig.inodes).list(), [16, 14]);
    },
  });

  Deno.test({
    name: `a list of orphans that leads in a circle, or nowhere, is EUCLEAN, ${type}`,
    ignore,
    fn() {
      const { rig, orphans } = orphansOf(type);
      add(rig, orphans, 12);
      const inode = rig.inodes.load(12);
      inode.dtime = 12;
      rig.inodes.store(inode);
      assertEquals(assertThrows(() => orphans.list(), OsError).code, "EUCLEAN");
      inode.dtime = 2 ** 31;
      rig.inodes.store(inode);
      assertEquals(assertThrows(() => orphans.list(), OsError).code, "EUCLEAN");
      assertEquals(assertThrows(() => orphans.has(13), OsError).code, "EUCLEAN");
    },
  });
}
