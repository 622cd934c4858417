import { assert, assertEquals, assertThrows } from "@std/assert";
import { OsError } from "@hako/ipc";
import { BLOCK_KIND, type BlockKind } from "../disk/cached_block.ts";
import { hasTool, IMAGES } from "./test_images.ts";
import { isSet } from "./bitmap.ts";
import { editImage, ImageRig, makeImage, VARIANTS } from "./test_mke2fs.ts";
import { type Inode, InodeTable, isDirectory, isFile } from "./inode.ts";
import { GROUP_FLAG } from "./layouts/group_descriptor.ts";
import { FLAG_EXTENTS, FLAG_INDEX } from "./layouts/inode.ts";
import { SUPERBLOCK as SB } from "./layouts/superblock.ts";

for (const [name, args] of VARIANTS) {
  Deno.test({
    name: `MetadataChecksums computes what mke2fs wrote: ${name}`,
    ignore: !hasTool("mke2fs"),
    fn() {
      const rig = new ImageRig(makeImage(args, 24_000));
      const { cache, checksums, geometry, accounts, sizes } = rig;
      checksums.verify(cache.get(sizes.superblockBlock, BLOCK_KIND.superblock));
      for (let group = 0; group < sizes.groupCount; group++) {
        const descriptor = accounts.descriptor(group);
        const at = accounts.offsetOf(group);
        if (!accounts.hasFlag(group, GROUP_FLAG.blocksUninitialised)) {
          const bitmap = cache.get(geometry.blockBitmap(group), BLOCK_KIND.blockBitmap, group);
          checksums.verifyBitmap(bitmap, descriptor, at);
        }
        if (!accounts.hasFlag(group, GROUP_FLAG.inodesUninitialised)) {
          const bitmap = cache.get(geometry.inodeBitmap(group), BLOCK_KIND.inodeBitmap, group);
          checksums.verifyBitmap(bitmap, descriptor, at);
        }
      }
    },
  });
}

/** A file of many extents, a directory with a hash tree, attributes within an inode and without. */
function makeTree(): string {
  const tree = Deno.makeTempDirSync(IMAGES);
  Deno.mkdirSync(`${tree}/many`);
  for (let index = 0; index < 1500; index++) {
    const name = `a long name that fills ${"and fills ".repeat(7)}blocks of the directory ${index}`;
    Deno.writeTextFileSync(`${tree}/many/${name}`, "");
  }
  using file = Deno.openSync(`${tree}/sparse`, { create: true, write: true });
  for (let index = 0; index < 600; index++) {
    file.seekSync(index * 16_384, Deno.SeekMode.Start);
    file.writeSync(new TextEncoder().encode("here"));
  }
  return tree;
}

let madeTree: string | undefined;
const fullImages = new Map<readonly string[], Uint8Array>();

/** The path of the tree, which goes when the process does: it takes long to make. */
function sharedTree(): string {
  if (madeTree !== undefined) return madeTree;
  const tree = makeTree();
  globalThis.addEventListener("unload", () => Deno.removeSync(tree, { recursive: true }));
  return madeTree = tree;
}

/** A copy of an image of all that has a checksum. */
function fullImage(args: readonly string[]): Uint8Array {
  const known = fullImages.get(args);
  if (known !== undefined) return known.slice();
  const image = makeImage([...args, "-N", "5000"], 30_000, sharedTree());
  const commands = `ea_set sparse user.small value
ea_set sparse user.large ${"x".repeat(900)}
`;
  const full = editImage(image, (path, run) => {
    run("debugfs", ["-w", "-f", "/dev/stdin", path], commands);
    run("e2fsck", ["-fyD", path], "");
  });
  fullImages.set(args, full);
  return full.slice();
}

/** Looks at all metadata that inodes own, and counts what it verified by kind. */
class Walk {
  readonly counts = new Map<BlockKind, number>();
  readonly inodes: InodeTable;

  constructor(readonly rig: ImageRig) {
    this.inodes = new InodeTable(rig.cache, rig.geometry);
  }

  verify(block: number, kind: BlockKind, owner: number): DataView {
    const cached = this.rig.cache.get(block, kind, owner);
    this.rig.checksums.verify(cached);
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
    return cached.view;
  }

  everything(): void {
    const { geometry, cache, sizes, accounts } = this.rig;
    const orphans = accounts.superblock(SB.orphanFileInode);
    for (let group = 0; group < sizes.groupCount; group++) {
      if (accounts.hasFlag(group, GROUP_FLAG.inodesUninitialised)) continue;
      const bitmap = cache.get(geometry.inodeBitmap(group), BLOCK_KIND.inodeBitmap, group);
      for (let bit = 0; bit < sizes.inodesPerGroup; bit++) {
        if (!isSet(bitmap.words, bit)) continue;
        const number = group * sizes.inodesPerGroup + bit + 1;
        const inode = this.inodes.load(number);
        if (inode.attributeBlock !== 0) this.verify(inode.attributeBlock, BLOCK_KIND.attributes, 0);
        if (isDirectory(inode) || isFile(inode)) this.blocks(inode, number === orphans);
      }
    }
  }

  blocks(inode: Inode, isOrphanFile: boolean): void {
    if ((inode.flags & FLAG_EXTENTS) === 0) return;
    const root = new DataView(inode.pointers.slice().buffer);
    this.node(inode, root, (fileBlock, block) => {
      const isIndexed = (inode.flags & FLAG_INDEX) !== 0;
      if (isOrphanFile) this.verify(block, BLOCK_KIND.orphanFile, inode.seed);
      else if (isDirectory(inode)) {
        const view = this.rig.cache.get(block, BLOCK_KIND.directory, inode.seed).view;
        const isNode = isIndexed &&
          (fileBlock === 0 || view.getUint16(4, true) === view.byteLength);
        this.rig.cache.forget(block);
        this.verify(block, isNode ? BLOCK_KIND.hashNode : BLOCK_KIND.directory, inode.seed);
      }
    });
  }

  node(inode: Inode, view: DataView, visit: (fileBlock: number, block: number) => void): void {
    const count = view.getUint16(2, true);
    for (let index = 1; index <= count; index++) {
      const fileBlock = view.getUint32(index * 12, true);
      if (view.getUint16(6, true) > 0) {
        const child = view.getUint32(index * 12 + 4, true);
        this.node(inode, this.verify(child, BLOCK_KIND.extentNode, inode.seed), visit);
        continue;
      }
      const length = view.getUint16(index * 12 + 4, true);
      for (let step = 0; step < length; step++) {
        visit(fileBlock + step, view.getUint32(index * 12 + 8, true) + step);
      }
    }
  }
}

const FULL: readonly (readonly [string, readonly string[], readonly BlockKind[]])[] = [
  ["1 KiB", ["-t", "ext4", "-b", "1024", "-O", "orphan_file"], [BLOCK_KIND.orphanFile]],
  ["2 KiB, seeded", ["-t", "ext4", "-b", "2048", "-O", "metadata_csum_seed"], []],
  ["4 KiB, inodes of 128", ["-t", "ext4", "-b", "4096", "-I", "128", "-O", "orphan_file"], [
    BLOCK_KIND.orphanFile,
  ]],
];

for (const [name, args, also] of FULL) {
  Deno.test({
    name: `MetadataChecksums knows the checksums of all that inodes own: ${name}`,
    ignore: !hasTool("mke2fs"),
    fn() {
      const { directory, hashNode, extentNode, attributes } = BLOCK_KIND;
      const kinds = [directory, hashNode, extentNode, attributes, ...also];
      const image = fullImage(args);
      const walk = new Walk(new ImageRig(image));
      walk.everything();
      for (const kind of kinds) assert((walk.counts.get(kind) ?? 0) > 0, `kind ${kind}`);
      // Sealed anew, nothing may change.
      const rig = new ImageRig(image.slice());
      new Walk(rig).everything();
      rig.cache.changeAll();
      rig.commit();
      assertEquals(rig.image, image);
    },
  });
}

Deno.test({
  name: "MetadataChecksums.verify() refuses any block with one wrong bit",
  ignore: !hasTool("mke2fs"),
  fn() {
    const rig = new ImageRig(fullImage(FULL[0]?.[1] ?? []));
    new Walk(rig).everything();
    let refused = 0;
    for (const cached of rig.cache.blocks()) {
      const { kind, view } = cached;
      if (kind === BLOCK_KIND.inodeTable || kind === BLOCK_KIND.plain) continue;
      if (kind === BLOCK_KIND.blockBitmap || kind === BLOCK_KIND.inodeBitmap) continue;
      view.setUint8(40, view.getUint8(40) ^ 4);
      assertThrows(() => rig.checksums.verify(cached), OsError, "EBADMSG");
      view.setUint8(40, view.getUint8(40) ^ 4);
      rig.checksums.verify(cached);
      refused++;
    }
    assert(refused > 100);
  },
});

Deno.test({
  name: "a bitmap and an inode with one wrong bit are refused",
  ignore: !hasTool("mke2fs"),
  fn() {
    const rig = new ImageRig(makeImage(["-t", "ext4", "-b", "1024"], 20_000));
    const bitmap = rig.cache.get(rig.geometry.blockBitmap(0), BLOCK_KIND.blockBitmap, 0);
    bitmap.bytes[1023] = (bitmap.bytes[1023] ?? 0) ^ 128;
    const descriptor = rig.accounts.descriptor(0);
    assertThrows(() => rig.checksums.verifyBitmap(bitmap, descriptor, 0), OsError, "EBADMSG");
    const table = rig.cache.get(rig.geometry.inodeTable(0), BLOCK_KIND.inodeTable, 1);
    table.bytes[256 + 100] = (table.bytes[256 + 100] ?? 0) ^ 1;
    const inodes = new InodeTable(rig.cache, rig.geometry);
    assertThrows(() => inodes.load(2), OsError, "EBADMSG");
    assertEquals(inodes.load(100).links, 0); // Never used: all its bytes are 0.
  },
});
