/**
 * For tests: images that mke2fs made, and a cache over one in memory, without disk or log.
 *
 * @module
 */

import { assert } from "@hako/ipc";
import { BLOCK_KIND, type BlockKind, type CachedBlock } from "../disk/cached_block.ts";
import { runTool, sharedBytes, type Verdict } from "./test_images.ts";
import { Accounts } from "./accounts.ts";
import { MetadataChecksums } from "./checksums.ts";
import { descriptorBlock, Geometry, readSizes, type Sizes } from "./geometry.ts";
import { SUPERBLOCK_BYTES, SUPERBLOCK_OFFSET } from "./layouts/superblock.ts";

/** Ways to make a file system that a test goes through: name, and arguments of mke2fs. */
export const VARIANTS: readonly (readonly [string, readonly string[]])[] = [
  ["ext2 of 1 KiB, inodes of 128", ["-t", "ext2", "-b", "1024", "-I", "128"]],
  ["ext2 of 2 KiB", ["-t", "ext2", "-b", "2048", "-I", "256"]],
  ["ext2 of 4 KiB", ["-t", "ext2", "-b", "4096"]],
  ["ext2 of revision 0", ["-t", "ext2", "-b", "1024", "-r", "0"]],
  ["ext3 of 1 KiB, inodes of 128", ["-t", "ext3", "-b", "1024", "-I", "128"]],
  ["ext3 of 4 KiB", ["-t", "ext3", "-b", "4096"]],
  ["ext4 of 1 KiB", ["-t", "ext4", "-b", "1024"]],
  ["ext4 of 1 KiB, inodes of 128", ["-t", "ext4", "-b", "1024", "-I", "128"]],
  ["ext4 of 2 KiB", ["-t", "ext4", "-b", "2048"]],
  ["ext4 of 4 KiB", ["-t", "ext4", "-b", "4096"]],
  ["ext4 of 4 KiB, inodes of 1 KiB", ["-t", "ext4", "-b", "4096", "-I", "1024"]],
  ["ext4 with uninit_bg", ["-t", "ext4", "-b", "1024", "-O", "^metadata_csum,uninit_bg"]],
  ["ext4 with uninit_bg, 32 bits", [
    ...["-t", "ext4", "-b", "4096", "-O", "^metadata_csum,^64bit,uninit_bg"],
  ]],
  ["ext4 of 32 bits", ["-t", "ext4", "-b", "1024", "-O", "^64bit"]],
  ["ext4 without checksums", ["-t", "ext4", "-b", "1024", "-O", "^metadata_csum"]],
  ["ext4 with metadata_csum_seed", ["-t", "ext4", "-b", "1024", "-O", "metadata_csum_seed"]],
  ["ext4 without flex_bg", ["-t", "ext4", "-b", "1024", "-O", "^flex_bg"]],
  ["ext4 with sparse_super2", ["-t", "ext4", "-b", "1024", "-O", "sparse_super2,^resize_inode"]],
  ["ext4 with meta_bg", ["-t", "ext4", "-b", "1024", "-O", "meta_bg,^resize_inode"]],
  ["ext4 with small groups", ["-t", "ext4", "-b", "1024", "-g", "512", "-N", "1000"]],
  ["ext4 with large inode tables", ["-t", "ext4", "-b", "4096", "-i", "4096", "-G", "2"]],
  ["ext4 with an orphan file", ["-t", "ext4", "-b", "4096", "-O", "orphan_file"]],
  ["ext4 with large_dir", ["-t", "ext4", "-b", "1024", "-O", "large_dir"]],
];

/** What mke2fs makes of `-t`, whatever this host thinks: as Debian has it with e2fsprogs 1.47. */
const CONFIGURATION = `[defaults]
  base_features = sparse_super,large_file,filetype,resize_inode,dir_index,ext_attr
  default_mntopts = acl,user_xattr
  enable_periodic_fsck = 0
  blocksize = 4096
  inode_size = 256
  inode_ratio = 16384
[fs_types]
  ext3 = {
    features = has_journal
  }
  ext4 = {
    features = has_journal,extent,huge_file,flex_bg,metadata_csum,64bit,dir_nlink,extra_isize
  }
`;

/** Makes an image of so many KiB with mke2fs, holding what is in `tree`, if that is given. */
export function makeImage(args: readonly string[], kibibytes: number, tree?: string): Uint8Array {
  const folder = Deno.makeTempDirSync();
  try {
    const path = `${folder}/image`;
    const configuration = `${folder}/mke2fs.conf`;
    Deno.writeTextFileSync(configuration, CONFIGURATION);
    const source = tree === undefined ? [] : ["-d", tree];
    const uuid = ["-U", "01020304-0506-0708-890a-0b0c0d0e0f10"];
    const all = ["-q", "-F", ...args, ...uuid, ...source, path, `${kibibytes}k`];
    const env = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", MKE2FS_CONFIG: configuration };
    const { code, stderr } = new Deno.Command("mke2fs", { args: all, clearEnv: true, env })
      .outputSync();
    assert(code === 0, `mke2fs ${all.join(" ")}: ${new TextDecoder().decode(stderr)}`);
    return Deno.readFileSync(path);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

/** Runs a tool with a text as its input; a code above 1, as of e2fsck, fails. */
export type RunOnImage = (tool: string, args: readonly string[], input: string) => void;

/** The image after tools have changed it. */
export function editImage(
  image: Uint8Array,
  edit: (path: string, run: RunOnImage) => void,
): Uint8Array {
  const path = Deno.makeTempFileSync({ suffix: ".img" });
  const inputPath = Deno.makeTempFileSync();
  try {
    Deno.writeFileSync(path, image);
    edit(path, (tool, args, input) => {
      Deno.writeTextFileSync(inputPath, input);
      const all = args.map((arg) => arg === "/dev/stdin" ? inputPath : arg);
      const { code, output } = runTool(tool, all);
      assert(code <= 1, `${tool} ${all.join(" ")}: ${output}`);
    });
    return Deno.readFileSync(path);
  } finally {
    Deno.removeSync(path);
    Deno.removeSync(inputPath);
  }
}

/** What a tool says of an image. */
export function judge(image: Uint8Array, tool: string, args: readonly string[]): Verdict {
  const path = Deno.makeTempFileSync({ suffix: ".img" });
  try {
    Deno.writeFileSync(path, image);
    return runTool(tool, [...args, path]);
  } finally {
    Deno.removeSync(path);
  }
}

/** Blocks of an image in memory; what changes is sealed and written back by `commit`. */
export class ImageCache {
  readonly image: Uint8Array;
  readonly blockBytes: number;
  /** How often it was flushed. */
  flushes = 0;
  readonly #blocks = new Map<number, CachedBlock>();
  readonly #changed = new Set<CachedBlock>();

  constructor(image: Uint8Array, blockBytes: number) {
    this.image = image;
    this.blockBytes = blockBytes;
  }

  get changedCount(): number {
    return this.#changed.size;
  }

  get changedSoftMax(): number {
    return 960;
  }

  get(block: number, kind: BlockKind = BLOCK_KIND.plain, owner = 0): CachedBlock {
    const known = this.#blocks.get(block);
    if (known !== undefined) return known;
    const bytes = sharedBytes(this.blockBytes);
    const offset = block * this.blockBytes;
    assert(offset + this.blockBytes <= this.image.byteLength, "a block lies in the image");
    bytes.set(this.image.subarray(offset, offset + this.blockBytes));
    const { buffer } = bytes;
    const words = new Uint32Array(buffer);
    const parts = { block, bytes, words, view: new DataView(buffer), kind, owner };
    const cached = { ...parts, mark: 0, changed: false, listed: false, stamp: 0 } as CachedBlock;
    this.#blocks.set(block, cached);
    return cached;
  }

  fresh(block: number, kind: BlockKind = BLOCK_KIND.plain, owner = 0): CachedBlock {
    const cached = this.get(block, kind, owner);
    cached.bytes.fill(0);
    cached.mark = -1;
    this.change(cached);
    return cached;
  }

  change(cached: CachedBlock): void {
    (cached as { changed: boolean }).changed = true;
    this.#changed.add(cached);
  }

  /** Nothing is durable but what was committed. */
  flush(): void {
    this.flushes++;
  }

  /** All blocks that were asked for. */
  blocks(): Iterable<CachedBlock> {
    return this.#blocks.values();
  }

  /** Declares all blocks that were asked for changed. */
  changeAll(): void {
    for (const cached of this.#blocks.values()) this.change(cached);
  }

  forget(block: number): void {
    const cached = this.#blocks.get(block);
    if (cached !== undefined) this.#changed.delete(cached);
    this.#blocks.delete(block);
  }

  commit(checksums: MetadataChecksums): void {
    checksums.seal([...this.#changed]);
    for (const cached of this.#changed) {
      this.image.set(cached.bytes, cached.block * this.blockBytes);
      (cached as { changed: boolean }).changed = false;
    }
    this.#changed.clear();
  }

  rollback(): void {
    for (const { block } of this.#changed) this.#blocks.delete(block);
    this.#changed.clear();
  }
}

/** An image with the modules that know its format. */
export class ImageRig {
  readonly sizes: Sizes;
  readonly cache: ImageCache;
  readonly checksums: MetadataChecksums;
  readonly geometry: Geometry;
  readonly accounts: Accounts;

  constructor(readonly image: Uint8Array) {
    this.sizes = sizesOfImage(image);
    this.cache = new ImageCache(image, this.sizes.blockBytes);
    this.checksums = new MetadataChecksums(this.sizes);
    this.geometry = new Geometry(this.sizes, (index) => {
      const owner = index * this.sizes.descriptorsPerBlock;
      const block = descriptorBlock(this.sizes, index);
      const cached = this.cache.get(block, BLOCK_KIND.descriptors, owner);
      this.checksums.verify(cached);
      return cached.view;
    });
    this.accounts = new Accounts(this.cache, this.sizes);
  }

  /** Puts the checksums in and writes back. */
  commit(): void {
    this.cache.commit(this.checksums);
  }

  /** What `e2fsck -fn` says, without its progress. */
  fsck(): Verdict {
    return judge(this.image, "e2fsck", ["-fn"]);
  }
}

/** The sizes of an image's file system. */
export function sizesOfImage(image: Uint8Array): Sizes {
  const superblock = image.slice(SUPERBLOCK_OFFSET, SUPERBLOCK_OFFSET + SUPERBLOCK_BYTES);
  return readSizes(new DataView(superblock.buffer), image.byteLength);
}
