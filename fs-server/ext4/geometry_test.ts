import { randomOf } from "./test_random.ts";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { OsError } from "@hako/ipc";
import { hasTool } from "./test_images.ts";
import { superblockChecksum } from "./crc.ts";
import { Geometry, readSizes } from "./geometry.ts";
import { ImageRig, judge, makeImage, sizesOfImage, VARIANTS } from "./test_mke2fs.ts";
import { GROUP_FLAG } from "./layouts/group_descriptor.ts";
import {
  INCOMPAT,
  READ_ONLY,
  SUPERBLOCK as SB,
  SUPERBLOCK_BYTES,
  SUPERBLOCK_OFFSET,
} from "./layouts/superblock.ts";

const ignore = !hasTool("mke2fs") || !hasTool("dumpe2fs");

/** What dumpe2fs tells of a group. */
interface Told {
  readonly first: number;
  readonly last: number;
  readonly metadata: readonly (readonly [number, number])[];
  readonly text: string;
}

function tell(image: Uint8Array): Told[] {
  const { code, output } = judge(image, "dumpe2fs", []);
  assertEquals(code, 0, output);
  return output.split(/^Group \d+: /m).slice(1).map((text) => {
    const [, first, last] = /\(Blocks (\d+)-(\d+)\)/.exec(text) ?? [];
    const runs = [
      ...text.matchAll(/(?:superblock|descriptors?|GDT blocks|bitmap|table) at (\d+)(?:-(\d+))?/g),
    ];
    const metadata = runs.map(([, from, to]) => [Number(from), Number(to ?? from)] as const);
    return { first: Number(first), last: Number(last), metadata, text };
  });
}

function numberBefore(text: string, words: string): number {
  return Number(new RegExp(`(\\d+) ${words}`).exec(text)?.[1] ?? 0);
}

const CLUSTERS = ["-t", "ext4", "-b", "1024", "-O", "bigalloc", "-C", "8192"];

for (const [name, args] of [...VARIANTS, ["ext4 with bigalloc", CLUSTERS] as const]) {
  Deno.test({
    name: `Geometry and Accounts say what dumpe2fs says: ${name}`,
    ignore,
    fn() {
      const image = makeImage(args, 24_000);
      const { geometry, accounts, sizes } = new ImageRig(image);
      const groups = tell(image);
      assertEquals(sizes.groupCount, groups.length);
      const metadata = new Set<number>();
      for (let block = 0; block < sizes.superblockBlock; block++) metadata.add(block);
      groups.forEach(({ first, last, metadata: runs, text }, group) => {
        assertEquals(geometry.firstBlockOf(group), first);
        assertEquals([geometry.groupOfBlock(first), geometry.groupOfBlock(last)], [group, group]);
        const named = /Block bitmap at (\d+)[^]*Inode bitmap at (\d+)[^]*Inode table at (\d+)/;
        const places = [
          geometry.blockBitmap(group),
          geometry.inodeBitmap(group),
          geometry.inodeTable(group),
        ];
        assertEquals(named.exec(text)?.slice(1).map(Number), places);
        assertEquals(accounts.blocksFreeIn(group), numberBefore(text, "free (?:blocks|clusters)"));
        assertEquals(accounts.inodesFreeIn(group), numberBefore(text, "free inodes"));
        assertEquals(accounts.directoriesIn(group), numberBefore(text, "directories"));
        assertEquals(accounts.inodesUnusedIn(group), numberBefore(text, "unused inodes"));
        const { inodesUninitialised, blocksUninitialised } = GROUP_FLAG;
        assertEquals(accounts.hasFlag(group, inodesUninitialised), text.includes("INODE_UNINIT"));
        assertEquals(accounts.hasFlag(group, blocksUninitialised), text.includes("BLOCK_UNINIT"));
        for (const [from, to] of runs) {
          for (let block = from; block <= to; block++) metadata.add(block);
        }
      });
      const wrong: number[] = [];
      for (let block = 0; block < sizes.blockCount; block++) {
        if (geometry.isOwnable(block) === metadata.has(block)) wrong.push(block);
      }
      assertEquals(wrong, []);
      assertEquals(geometry.metadataBlocks, metadata.size);
      for (const outside of [-1, sizes.blockCount, 2 ** 40, NaN]) {
        assert(!geometry.isOwnable(outside));
      }
      checkRuns(geometry, metadata);
    },
  });
}

/** Runs are ownable when all their blocks are, whatever was asked before. */
function checkRuns(geometry: Geometry, metadata: ReadonlySet<number>): void {
  const random = randomOf(9);
  for (let round = 0; round < 2000; round++) {
    const first = random(geometry.sizes.blockCount);
    const count = 1 + random(300);
    let expected = first + count <= geometry.sizes.blockCount;
    for (let block = first; block < first + count; block++) {
      if (metadata.has(block)) expected = false;
    }
    if (geometry.areOwnable(first, count) !== expected) throw new Error(`run ${first}+${count}`);
  }
}

/** A superblock of ext4 without checksums, changed, as `readSizes` takes it. */
function readChanged(change: (view: DataView) => void, args: readonly string[] = []) {
  const image = makeImage(["-t", "ext4", "-b", "1024", "-O", "^metadata_csum", ...args], 20_000);
  const view = new DataView(image.buffer, SUPERBLOCK_OFFSET, SUPERBLOCK_BYTES);
  change(view);
  return sizesOfImage(image);
}

Deno.test({
  name: "readSizes() names every feature that we lack",
  ignore,
  fn() {
    const lacked = INCOMPAT.encrypt | INCOMPAT.inlineData | INCOMPAT.mmp | 0x40000000;
    const read = () =>
      readChanged((view) => view.setUint32(SB.featuresIncompat, lacked | INCOMPAT.extents, true));
    const error = assertThrows(read, OsError, "EOPNOTSUPP");
    for (const name of ["encrypt", "inline_data", "mmp", "0x40000000"]) {
      assert(error.message.includes(name), error.message);
    }
    assert(!error.message.includes("extent"), error.message);
  },
});

Deno.test({
  name: "readSizes() lets a file system be read whose features forbid writing",
  ignore,
  fn() {
    const { features } = readChanged((view) => {
      const word = view.getUint32(SB.featuresReadOnly, true);
      view.setUint32(SB.featuresReadOnly, word | READ_ONLY.quota | READ_ONLY.verity, true);
    });
    assertEquals(features.readOnlyBecause, ["quota", "verity"]);
    const image = makeImage(["-t", "ext4", "-b", "1024", "-O", "bigalloc", "-C", "8192"], 40_000);
    const rig = new ImageRig(image);
    assertEquals(rig.sizes.features.readOnlyBecause, ["bigalloc"]);
    assertEquals(readChanged(() => {}).features.readOnlyBecause, []);
  },
});

const DAMAGE: readonly (readonly [string, number, number])[] = [
  ["no blocks", SB.blockCount, 0],
  ["more blocks than the disk", SB.blockCount, 20_001],
  ["blocks per group 0", SB.blocksPerGroup, 0],
  ["blocks per group 8", SB.blocksPerGroup, 8],
  ["blocks per group 8196", SB.blocksPerGroup, 8196],
  ["blocks per group huge", SB.blocksPerGroup, 0xffff_fff8],
  ["inodes per group 0", SB.inodesPerGroup, 0],
  ["inodes per group huge", SB.inodesPerGroup, 0xffff_ffff],
  ["inode count", SB.inodeCount, 12],
  ["first data block", SB.firstDataBlock, 7],
  ["first inode", SB.firstInode, 3],
];

for (const [name, offset, value] of DAMAGE) {
  Deno.test({
    name: `readSizes() refuses a damaged superblock: ${name}`,
    ignore,
    fn() {
      const read = () => readChanged((view) => view.setUint32(offset, value, true));
      assertThrows(read, OsError, "EUCLEAN");
    },
  });
}

Deno.test({
  name: "readSizes() and Geometry refuse or bear whatever stands in superblock and descriptors",
  ignore,
  fn() {
    const random = randomOf(17);
    for (const args of [["-b", "1024"], ["-b", "4096", "-O", "^flex_bg"]]) {
      const image = makeImage(["-t", "ext4", "-O", "^metadata_csum", ...args], 20_000);
      const table = image.byteLength > 0 && args[1] === "1024" ? 2048 : 4096;
      for (let round = 0; round < 3000; round++) {
        const damaged = image.slice(0, 16_384);
        const whole = { buffer: damaged, byteLength: image.byteLength };
        for (let count = 1 + random(3); count > 0; count--) {
          const inSuperblock = random(2) === 0;
          const at = inSuperblock ? SUPERBLOCK_OFFSET + random(400) : table + random(192);
          damaged[at] = random(3) === 0 ? 255 : random(256);
        }
        try {
          const head = damaged.slice(SUPERBLOCK_OFFSET, SUPERBLOCK_OFFSET + SUPERBLOCK_BYTES);
          const sizes = readSizes(new DataView(head.buffer), whole.byteLength);
          const geometry = new Geometry(sizes, (index) => {
            const at = ((sizes.superblockBlock + 1 + index) * sizes.blockBytes) % 8192;
            return new DataView(damaged.buffer, at, sizes.blockBytes);
          });
          for (let group = 0; group < sizes.groupCount; group++) {
            assert(geometry.blockBitmap(group) < sizes.blockCount);
            assert(geometry.inodeTable(group) + sizes.inodeTableBlocks <= sizes.blockCount);
            assert(!geometry.isOwnable(geometry.inodeBitmap(group)));
          }
        } catch (error) {
          if (!(error instanceof OsError)) throw error;
        }
      }
    }
  },
});

Deno.test({
  name: "readSizes() verifies the superblock's checksum",
  ignore,
  fn() {
    const image = makeImage(["-t", "ext4"], 20_000);
    const view = new DataView(image.buffer, SUPERBLOCK_OFFSET, SUPERBLOCK_BYTES);
    view.setUint8(SB.label, 65);
    assertThrows(() => sizesOfImage(image), OsError, "EBADMSG");
    view.setUint32(SB.checksum, superblockChecksum(view), true);
    assertEquals(sizesOfImage(image).features.hasChecksums, true);
    assertEquals(judge(image, "e2fsck", ["-fn"]).code, 0);
  },
});
