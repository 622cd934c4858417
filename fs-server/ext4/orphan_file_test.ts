import { assert, assertEquals, assertThrows } from "@std/assert";
import { OsError } from "@hako/ipc";
import type { BlockCache } from "../disk/block_cache.ts";
import { BLOCK_KIND } from "../disk/cached_block.ts";
import { MemoryDisk } from "../disk/memory_disk.ts";
import type { BlockAllocation } from "./block_allocation.ts";
import { FileMap } from "./file_map.ts";
import { ImageRig } from "./test_mke2fs.ts";
import { InodeTable } from "./inode.ts";
import { replayJournal } from "./journal/replay.ts";
import { READ_ONLY, SUPERBLOCK as SB } from "./layouts/superblock.ts";
import { adoptOrphans, type OrphanFileParts } from "./orphan_file.ts";
import { Orphans } from "./orphans.ts";
import {
  canLoopMount,
  hasTool,
  madeByMke2fs,
  readImage,
  requireTool,
  runTool,
  sharedBytes,
  withImage,
  withMount,
} from "./test_images.ts";

const ignore = !hasTool("mke2fs") || !hasTool("debugfs");
const MIB = 2 ** 20;

/** What adopting stands on, over an image. */
function partsOf(image: Uint8Array): OrphanFileParts & { readonly rig: ImageRig } {
  const rig = new ImageRig(image);
  const { geometry, accounts } = rig;
  const cache = rig.cache as unknown as BlockCache;
  const inodes = new InodeTable(cache, geometry);
  const map = new FileMap(cache, geometry, undefined as unknown as BlockAllocation);
  return { rig, cache, geometry, accounts, inodes, map, orphans: new Orphans(accounts, inodes) };
}

/** An image whose file of orphans holds files without a name; and the numbers of those. */
function withOrphans(args: string[], count: number): { image: Uint8Array; numbers: number[] } {
  const disk = withImage(
    madeByMke2fs(16 * MIB, "-t", "ext4", "-O", "orphan_file", ...args),
    (path) => {
      const lines = [];
      for (let index = 0; index < count; index++) {
        lines.push(`write ${path} f${index}`, `unlink f${index}`);
      }
      Deno.writeTextFileSync(`${path}.commands`, lines.join("\n").replaceAll(path, "/dev/null"));
      requireTool("debugfs", "-w", "-f", `${path}.commands`, path);
      Deno.removeSync(`${path}.commands`);
      return readImage(path);
    },
  );
  const image = disk.peek(0, disk.byteLength);
  const parts = partsOf(image);
  const { accounts, cache, map, inodes, rig } = parts;
  const file = inodes.load(accounts.superblock(SB.orphanFileInode));
  const numbers: number[] = [];
  for (let index = 0; index < count; index++) {
    const inode = inodes.load(12 + index + 1);
    inode.links = 0;
    inodes.store(inode);
    numbers.push(inode.number);
    const { first } = map.lookup(file, index % 2, 1);
    const cached = cache.get(first, BLOCK_KIND.orphanFile, file.seed);
    cache.change(cached);
    cached.view.setUint32(4 * (index * 3 + 1), inode.number, true);
  }
  const flags = accounts.superblock(SB.featuresReadOnly) | READ_ONLY.orphanPresent;
  accounts.setSuperblock(SB.featuresReadOnly, flags);
  rig.commit();
  return { image, numbers };
}

for (const args of [["-b", "4096"], ["-b", "1024", "-O", "^metadata_csum"]]) {
  Deno.test({
    name: `orphans move from their file to the chain, some at a time: ${args.join(" ")}`,
    ignore,
    fn() {
      const { image, numbers } = withOrphans(args, 40);
      const parts = partsOf(image);
      const small = new Proxy(parts.cache, {
        get: (target, key) => {
          if (key === "changedSoftMax") return 12;
          const value = Reflect.get(target, key, target);
          return typeof value === "function" ? value.bind(target) : value;
        },
      });
      let rounds = 0;
      while (!adoptOrphans({ ...parts, cache: small })) {
        parts.rig.commit();
        rounds++;
        assert(rounds < 100);
      }
      parts.rig.commit();
      assertEquals(parts.orphans.list().sort((a, b) => a - b), numbers);
      assertEquals(adoptOrphans(parts), true);
      // e2fsck finds them there, and nothing else amiss.
      const disk = new MemoryDisk(image.byteLength);
      disk.poke(0, image);
      withImage(disk, (path) => {
        const { output } = runTool("e2fsck", ["-p", path]);
        assertEquals(output.match(/Clearing orphaned inode/g)?.length, numbers.length, output);
        requireTool("e2fsck", "-fn", path);
      });
    },
  });
}

Deno.test({
  name: "a damaged file of orphans is told as such",
  ignore,
  fn() {
    const { image } = withOrphans(["-b", "1024", "-O", "^metadata_csum"], 4);
    const parts = partsOf(image);
    const file = parts.inodes.load(parts.accounts.superblock(SB.orphanFileInode));
    const { first } = parts.map.lookup(file, 0, 1);
    const cached = parts.cache.get(first, BLOCK_KIND.orphanFile, file.seed);
    for (const number of [5, 2 ** 31, file.number]) {
      cached.view.setUint32(0, number, true);
      assertThrows(() => adoptOrphans(parts), OsError, "file of orphans");
    }
    cached.view.setUint32(0, 0, true);
    cached.view.setUint32(1016, 0, true);
    assertThrows(() => adoptOrphans(parts), OsError, "file of orphans");
    parts.accounts.setSuperblock(SB.orphanFileInode, 2);
    assertThrows(() => adoptOrphans(parts), OsError, "file of orphans");
  },
});

Deno.test({
  name: "orphans that a mounted Linux noted in its file are found",
  ignore: ignore || !canLoopMount(),
  fn() {
    const disk = madeByMke2fs(32 * MIB, "-t", "ext4", "-O", "orphan_file");
    const cut = withImage(disk, (path) =>
      withMount(path, "rw", (place) => {
        const files = [1, 2, 3].map((index) => {
          Deno.writeTextFileSync(`${place}/f${index}`, "x".repeat(5000));
          const file = Deno.openSync(`${place}/f${index}`, { read: true, write: true });
          Deno.removeSync(`${place}/f${index}`);
          return file;
        });
        files[0]!.syncSync();
        using directory = Deno.openSync(place, { read: true });
        directory.syncSync();
        const copy = readImage(path);
        for (const file of files) file.close();
        return copy;
      }));
    assert(cut !== undefined, "it can be mounted");
    replayJournal(cut, sharedBytes(MIB));
    const parts = partsOf(cut.peek(0, cut.byteLength));
    assertEquals(adoptOrphans(parts), true);
    assertEquals(parts.orphans.list().length, 3);
    for (const number of parts.orphans.list()) assertEquals(parts.inodes.load(number).links, 0);
  },
});
