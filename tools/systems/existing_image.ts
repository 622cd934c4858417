/**
 * What becomes of an image that is there already: one that another tool made is lengthened by a
 * journal behind the file system, which that file system does not notice.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import type { ImageOptions } from "./files_on_image.ts";
import { errorOf } from "./host_error.ts";

/** Unit of the storage server: the file system's end is rounded up to it. */
const BLOCK_BYTES = 4096;

/** Blocks of journal put behind the file system of an image that has none yet: 8 MiB. */
const ADOPTED_JOURNAL_BLOCKS = 2_048;

/** Blocks behind the journal: its two superblocks. */
const JOURNAL_HEAD_BLOCKS = 2;

/** Where the superblock of ext2, ext3 and ext4 lies, and fields of it (kernel.org, ext4 layout). */
const SUPERBLOCK = 1024;
const BLOCKS_COUNT_LOW = SUPERBLOCK + 0x4;
const LOG_BLOCK_SIZE = SUPERBLOCK + 0x18;
const MAGIC = SUPERBLOCK + 0x38;
const FEATURES_INCOMPATIBLE = SUPERBLOCK + 0x60;
const BLOCKS_COUNT_HIGH = SUPERBLOCK + 0x150;
const EXT_MAGIC = 0xef53;
const FEATURE_64BIT = 0x80;

/**
 * How to open an image, or `undefined` if there is none, or an empty file.
 *
 * @param path The image, an absolute path.
 * @throws {OsError} `EINVAL` if it is no file, `EUCLEAN` if it is shorter than its file system says,
 * or what the host says.
 */
export function existingImage(path: string): ImageOptions | undefined {
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
  const fileSystemBytes = fileSystemBytesOf(new DataView(head.buffer));
  if (fileSystemBytes === 0 || size > fileSystemBytes) return { path };
  if (fileSystemBytes - size >= BLOCK_BYTES) {
    const what =
      `use ${path} as an image: it has ${size} bytes, its file system ${fileSystemBytes}`;
    throw new OsError("EUCLEAN", what);
  }
  const tailBytes = (ADOPTED_JOURNAL_BLOCKS + JOURNAL_HEAD_BLOCKS) * BLOCK_BYTES;
  return { path, createBytes: fileSystemBytes + tailBytes, journalBlocks: ADOPTED_JOURNAL_BLOCKS };
}

/** Whether an image begins with a superblock of ext2, ext3 or ext4. */
export function beginsWithExt(path: string): boolean {
  const head = new Uint8Array(BLOCK_BYTES);
  using file = Deno.openSync(path);
  file.readSync(head);
  return fileSystemBytesOf(new DataView(head.buffer)) > 0;
}

/** Bytes of the ext file system that begins here, in whole blocks of the storage server, or 0. */
function fileSystemBytesOf(head: DataView): number {
  if (head.getUint16(MAGIC, true) !== EXT_MAGIC) return 0;
  const blockBytes = 1024 * 2 ** head.getUint32(LOG_BLOCK_SIZE, true);
  const has64Bit = (head.getUint32(FEATURES_INCOMPATIBLE, true) & FEATURE_64BIT) !== 0;
  const high = has64Bit ? head.getUint32(BLOCKS_COUNT_HIGH, true) : 0;
  const bytes = (head.getUint32(BLOCKS_COUNT_LOW, true) + high * 2 ** 32) * blockBytes;
  if (!Number.isSafeInteger(bytes)) return 0; // Damaged: the file server says so.
  return Math.ceil(bytes / BLOCK_BYTES) * BLOCK_BYTES;
}
