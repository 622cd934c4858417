/**
 * How large an image a tree needs, and what becomes of one that is there already.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import type { ImageOptions } from "../systems/files_on_image.ts";
import { errorOf } from "./host_error.ts";
import type { HostTree } from "./tree.ts";

const BLOCK_BYTES = 4096;
const MiB = 1024 * 1024;

/** A new image is at least this large: the journal has its least size then. */
const IMAGE_BYTES_MIN = 64 * MiB;

/** The density of inodes that ext2 tools use when nobody says otherwise. */
const INODE_RATIO_BYTES = 16_384;

/** Blocks of journal put behind the file system of an image that has none yet. */
const ADOPTED_JOURNAL_BLOCKS = 2_048;

/** Blocks behind the journal: its two superblocks. */
const JOURNAL_HEAD_BLOCKS = 2;

/**
 * A new image with room for `copies` of the tree; or the one that is there. One that another tool
 * made as ext2 is lengthened by a journal, which that file system does not notice; a blank one is
 * formatted; anything else is refused by the servers and left alone.
 */
export function imagePlan(path: string, tree: HostTree, copies: number): ImageOptions {
  const present = existing(path);
  if (present !== undefined) return present;
  let blocks = 0;
  for (const { kind, size } of tree.entries) {
    // A directory may need several blocks for long names; large files need blocks of pointers.
    blocks += kind === "directory" ? 2 : Math.ceil(size / BLOCK_BYTES) * 1.002 + 1;
  }
  const treeBytes = copies * Math.ceil(blocks) * BLOCK_BYTES;
  const entryCount = Math.max(1, copies * tree.entries.length);
  const inodeRatioBytes = Math.min(
    INODE_RATIO_BYTES,
    Math.max(BLOCK_BYTES, Math.floor(treeBytes / entryCount / 1.5)),
  );
  const inodeBytes = (treeBytes / inodeRatioBytes) * 256;
  const createBytes = Math.max(IMAGE_BYTES_MIN, 1.15 * (treeBytes + inodeBytes) + 48 * MiB);
  return { path, createBytes: Math.ceil(createBytes / MiB) * MiB, inodeRatioBytes };
}

/** What to do with the image that is there, if one is. */
function existing(path: string): ImageOptions | undefined {
  let file: Deno.FsFile;
  try {
    file = Deno.openSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw errorOf(error, `open the image ${path}`);
  }
  using _open = file;
  const { size, isFile } = file.statSync();
  if (!isFile) throw new OsError("EINVAL", `use ${path} as an image: it is no file`);
  if (size === 0) return undefined;
  const head = new Uint8Array(BLOCK_BYTES);
  file.readSync(head);
  const fileSystemBytes = ext2Bytes(new DataView(head.buffer));
  if (fileSystemBytes === 0 || size > fileSystemBytes) return { path };
  const tailBytes = (ADOPTED_JOURNAL_BLOCKS + JOURNAL_HEAD_BLOCKS) * BLOCK_BYTES;
  return { path, createBytes: fileSystemBytes + tailBytes, journalBlocks: ADOPTED_JOURNAL_BLOCKS };
}

/** Bytes of the ext2 file system with blocks of 4 KiB that begins here, or 0. */
function ext2Bytes(head: DataView): number {
  const superblock = 1024; // struct ext2_super_block: blocks_count, log_block_size, magic.
  const isExt2 = head.getUint16(superblock + 56, true) === 0xef53;
  const has4KiB = head.getUint32(superblock + 24, true) === 2;
  return isExt2 && has4KiB ? head.getUint32(superblock + 4, true) * BLOCK_BYTES : 0;
}
