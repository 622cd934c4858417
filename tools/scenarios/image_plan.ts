/**
 * How large an image a tree needs, and what becomes of one that is there already.
 *
 * @module
 */

import { existingImage } from "../systems/existing_image.ts";
import type { ImageOptions } from "../systems/files_on_image.ts";
import type { HostTree } from "./tree.ts";

const BLOCK_BYTES = 4096;
const MiB = 1024 * 1024;

/** A new image is at least this large: the journal has its least size then. */
const IMAGE_BYTES_MIN = 64 * MiB;

/** The density of inodes that ext2 tools use when nobody says otherwise. */
const INODE_RATIO_BYTES = 16_384;

/**
 * A new image with room for `copies` of the tree; or the one that is there. A blank one is formatted;
 * what holds no file system is refused by the servers and left alone.
 */
export function imagePlan(path: string, tree: HostTree, copies: number): ImageOptions {
  const present = existingImage(path);
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
