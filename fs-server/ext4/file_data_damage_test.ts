import { type Random, randomOf } from "./test_random.ts";
import { assert } from "@std/assert";
import { OsError } from "@hako/ipc";
import { BLOCK_KIND } from "../disk/cached_block.ts";
import type { MemoryDisk } from "../disk/memory_disk.ts";
import { DataRig, diskWithFile } from "./test_file.ts";
import { hasTool, sharedBytes } from "./test_images.ts";

const MIB = 2 ** 20;
const MUTANTS = 400;

/** A disk whose file is scattered over so many blocks that its map is a tree. */
function scattered(args: string[]): MemoryDisk {
  const rig = new DataRig(diskWithFile(16 * MIB, ...args));
  for (let at = 0; at < 2000; at++) {
    rig.change((inode) => {
      const run = rig.allocation.take(1, 1 + at % 2);
      rig.map.assign(inode, (at * 389 % 2001) * 3, run, rig.map.hasExtents(inode) && at % 3 === 0);
      inode.size = 6003 * 1024;
    });
  }
  rig.flush();
  return rig.disk;
}

/** The blocks that hold the file's map. */
function mapBlocks(disk: MemoryDisk): number[] {
  const rig = new DataRig(disk);
  const seen = new Set<number>();
  const get = rig.cache.get.bind(rig.cache);
  rig.cache.get = (block, kind, owner) => {
    if (kind === BLOCK_KIND.extentNode || kind === BLOCK_KIND.indirect) seen.add(block);
    return get(block, kind, owner);
  };
  rig.content();
  return [...seen];
}

/** Does everything that walks or changes the map. */
function useAll(rig: DataRig, random: Random): void {
  const { data } = rig;
  const window = sharedBytes(64 * 1024);
  for (let at = 0; at < 6 * MIB; at += window.byteLength) rig.read(at, window);
  for (let at = 0, turns = 0; turns < 5000; turns++) {
    try {
      at = data.seek(rig.inode, at, turns % 2 === 0);
    } catch (error) {
      if ((error as OsError).code !== "ENXIO") throw error;
      break;
    }
  }
  const offset = random(6 * MIB);
  rig.change((inode) => data.write(inode, offset, window));
  const range = { offset: random(6 * MIB), byteLength: MIB, keepSize: false };
  rig.change((inode) => data.allocate(inode, range));
  rig.change((inode) => data.punch(inode, offset, MIB));
  rig.change((inode) => data.zeroRange(inode, range));
  rig.change((inode) => data.truncate(inode, random(6 * MIB)));
  rig.change((inode) => data.truncate(inode, 0));
}

const KINDS: readonly (readonly [string, string[]])[] = [
  ["extents", ["-t", "ext4", "-b", "1024", "-O", "^metadata_csum"]],
  ["extents with checksums", ["-t", "ext4", "-b", "1024"]],
  ["block pointers", ["-t", "ext2", "-b", "1024"]],
];

for (const [what, args] of KINDS) {
  Deno.test({
    name: `a file whose ${what} are damaged is an error, never a crash or a read outside the disk`,
    ignore: !hasTool("mke2fs"),
    fn() {
      const disk = scattered(args);
      const blocks = mapBlocks(disk);
      assert(blocks.length > 10, "the map is a tree");
      let refused = 0;
      for (let mutant = 0; mutant < MUTANTS; mutant++) {
        const random = randomOf(mutant + 1);
        const twin = disk.clone();
        const block = blocks[random(blocks.length)] as number;
        // Mostly the header and the first entries; now and then anywhere.
        const at = block * 1024 + random(random(3) === 0 ? 256 : 8) * 4;
        const word = new Uint32Array(twin.peek(at, 4).buffer);
        const choices = [
          (word[0] as number) ^ (1 << random(32)),
          random(2 ** 31) * 2 + 1,
          blocks[random(blocks.length)] as number,
          0xffff_ffff,
          0,
        ];
        word[0] = choices[random(choices.length)] as number;
        twin.poke(at, new Uint8Array(word.buffer));
        const rig = new DataRig(twin);
        try {
          useAll(rig, random);
        } catch (error) {
          const code = error instanceof OsError ? error.code : String(error);
          assert(["EUCLEAN", "EBADMSG", "ENOSPC"].includes(code), `mutant ${mutant}: ${code}`);
          refused++;
        }
      }
      assert(refused > MUTANTS / 4, `${refused} of ${MUTANTS} were refused`);
    },
  });
}
