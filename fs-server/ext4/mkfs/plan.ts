/**
 * How a new file system will look: its features, its sizes, and what of its blocks is in use. Pure
 * arithmetic; `format.ts` writes it down.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import { type Features, featuresOf } from "../features.ts";
import { blocksInGroup, firstBlockOf, headBlocks, type Sizes, sizesOf } from "../geometry.ts";
import { EXTRA_BYTES, INODE_BYTES_MIN } from "../layouts/inode.ts";
import { COMPAT, INCOMPAT, READ_ONLY } from "../layouts/superblock.ts";

/** Kinds of file system that can be made. */
export type FileSystemType = "ext2" | "ext3" | "ext4";

/** How a file system shall be made. */
export interface FormatOptions {
  /** `"ext2"` by default. */
  readonly type?: FileSystemType;
  /** 1024, 2048 or 4096; 4096 by default. */
  readonly blockBytes?: number;
  /** 128 or a power of two up to a block; 256 by default. */
  readonly inodeBytes?: number;
  /** One inode for so many bytes; 16,384 by default. */
  readonly inodeRatioBytes?: number;
  /** Part of the blocks that only root may take, 0 to 50; none by default. */
  readonly reservedPercent?: number;
  /** Blocks of the journal of ext3 and ext4; by the size of the file system by default, 0 for none. */
  readonly journalBlocks?: number;
  /** Whether the table of descriptors has room to grow; it has none by default. */
  readonly canGrow?: boolean;
  /** Up to 16 bytes of UTF-8. */
  readonly label?: string;
  /** 16 bytes that tell this file system from all others. */
  readonly uuid: Uint8Array;
  /** 16 bytes by which names are hashed; made of the UUID by default. */
  readonly hashSeed?: Uint8Array;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  /** Whether all of the disk is known to read as zeros: what shall be zero is not written then. */
  readonly isBlank?: boolean;
}

/** A file system to be made. */
export interface FormatPlan {
  readonly type: FileSystemType;
  readonly sizes: Sizes;
  /** Blocks of the journal; 0 if there is none. */
  readonly journalBlocks: number;
  readonly blocksReserved: number;
}

const LABEL_BYTES_MAX = 16;
const RATIO_BYTES_DEFAULT = 16_384;
const RATIO_BYTES_MAX = 2 ** 26;
const INODES_MIN = 16;
const DATA_BLOCKS_MIN = 50; // A last group with less room than this is left out, as mke2fs does.
const FLEX_GROUPS = 16;
const JOURNAL_BLOCKS_MIN = 1024;
const GROWTH_FACTOR = 1024;

/** From so many blocks on the journal has so many, as mke2fs has it. */
const JOURNAL_BLOCKS: readonly (readonly [from: number, count: number])[] = [
  [32 * 2 ** 20, 262_144],
  [16 * 2 ** 20, 131_072],
  [8 * 2 ** 20, 65_536],
  [4 * 2 ** 20, 32_768],
  [512 * 1024, 16_384],
  [256 * 1024, 8192],
  [32 * 1024, 4096],
  [2048, 1024],
];

/**
 * Plans a file system that fills a disk.
 *
 * @throws {OsError} `ENOSPC` if the disk is too small, `EINVAL` if an option is out of range.
 */
export function planFormat(diskBytes: number, options: FormatOptions): FormatPlan {
  const { type = "ext2", blockBytes = 4096, inodeBytes = 256, reservedPercent = 0 } = options;
  require(["ext2", "ext3", "ext4"].includes(type), `a file system of type ${type}`);
  require([1024, 2048, 4096].includes(blockBytes), `blocks of ${blockBytes} bytes`);
  const isPower = (inodeBytes & (inodeBytes - 1)) === 0;
  const isInodeSize = inodeBytes >= INODE_BYTES_MIN && inodeBytes <= blockBytes && isPower;
  require(isInodeSize, `inodes of ${inodeBytes} bytes`);
  const ratio = options.inodeRatioBytes ?? RATIO_BYTES_DEFAULT;
  require(ratio >= blockBytes && ratio <= RATIO_BYTES_MAX, `inode ratio of ${ratio} bytes`);
  require(reservedPercent >= 0 && reservedPercent <= 50, `${reservedPercent} % reserved`);
  require(options.uuid.byteLength === 16, "a uuid that has not 16 bytes");
  require((options.hashSeed?.byteLength ?? 16) === 16, "a hash seed that has not 16 bytes");
  const labelBytes = new TextEncoder().encode(options.label ?? "").byteLength;
  require(labelBytes <= LABEL_BYTES_MAX, `a label of ${labelBytes} bytes`);
  const blockCountMax = type === "ext4" ? 2 ** 48 : 2 ** 32 - 1;
  let blockCount = Math.min(Math.floor(diskBytes / blockBytes), blockCountMax);
  while (true) {
    const journalBlocks = journalBlocksFor(type, blockCount, options.journalBlocks);
    const features = featuresFor(type, { inodeBytes, journalBlocks, canGrow: options.canGrow });
    const sizes = sizesFor(features, blockCount, { ...options, blockBytes, inodeBytes, ratio });
    const last = sizes.groupCount - 1;
    const own = headBlocks(sizes, last) + 2 + sizes.inodeTableBlocks;
    if (blocksInGroup(sizes, last) >= own + DATA_BLOCKS_MIN) {
      require(sizes.inodeCount < 2 ** 32, "as many inodes as that");
      const blocksReserved = Math.floor(blockCount * reservedPercent / 100);
      return { type, sizes, journalBlocks, blocksReserved };
    }
    if (last === 0) throw new OsError("ENOSPC", `format: ${blockCount} blocks are too few`);
    blockCount = firstBlockOf(sizes, last);
  }
}

function journalBlocksFor(type: FileSystemType, blockCount: number, wanted?: number): number {
  if (type === "ext2") return 0;
  if (wanted === undefined) return JOURNAL_BLOCKS.find(([from]) => blockCount >= from)?.[1] ?? 0;
  const isPossible = wanted === 0 || (wanted >= JOURNAL_BLOCKS_MIN && wanted <= blockCount / 2);
  require(isPossible, `a journal of ${wanted} blocks`);
  return wanted;
}

/** What features depend on. */
interface FeatureWishes {
  readonly inodeBytes: number;
  readonly journalBlocks: number;
  readonly canGrow?: boolean | undefined;
}

/** The features that mke2fs 1.47 gives each type. */
function featuresFor(type: FileSystemType, wishes: FeatureWishes): Features {
  let compat: number = COMPAT.extAttr | COMPAT.dirIndex;
  let incompat: number = INCOMPAT.filetype;
  let readOnly: number = READ_ONLY.sparseSuper | READ_ONLY.largeFile;
  if (wishes.journalBlocks > 0) compat |= COMPAT.hasJournal;
  if (wishes.canGrow) compat |= COMPAT.resizeInode;
  if (type === "ext4") {
    incompat |= INCOMPAT.extents | INCOMPAT.sixtyFourBit | INCOMPAT.flexGroups;
    readOnly |= READ_ONLY.hugeFile | READ_ONLY.dirNlink | READ_ONLY.metadataChecksums;
    if (wishes.inodeBytes > INODE_BYTES_MIN) readOnly |= READ_ONLY.extraIsize;
  }
  return featuresOf(compat, incompat, readOnly);
}

/** What sizes depend on. */
interface SizeWishes {
  readonly blockBytes: number;
  readonly inodeBytes: number;
  readonly ratio: number;
  readonly uuid: Uint8Array;
  readonly canGrow?: boolean;
}

function sizesFor(features: Features, blockCount: number, wishes: SizeWishes): Sizes {
  const { blockBytes, inodeBytes, ratio } = wishes;
  const blocksPerGroup = blockBytes * 8;
  const plan = {
    features,
    blockBytesLog: Math.log2(blockBytes),
    blockCount,
    blocksPerGroup,
    inodesPerGroup: 8,
    inodeBytes,
    flexGroups: features.hasFlexGroups ? FLEX_GROUPS : 1,
    extraBytes: EXTRA_BYTES,
    uuid: wishes.uuid,
  };
  const { groupCount } = sizesOf(plan);
  const inodesWanted = Math.max(INODES_MIN, blockCount * blockBytes / ratio);
  // Whole blocks of the table, then whole bytes of the bitmap, as mke2fs rounds.
  const step = blockBytes / inodeBytes;
  const rounded = Math.ceil(Math.ceil(inodesWanted / groupCount) / step) * step;
  const inodesPerGroup = Math.min(blockBytes * 8, Math.max(INODES_MIN, rounded & ~7));
  const sizes = sizesOf({ ...plan, inodesPerGroup });
  if (!wishes.canGrow) return sizes;
  return sizesOf({ ...plan, inodesPerGroup, descriptorBlocksReserved: roomToGrow(sizes) });
}

/** Blocks behind the table of descriptors for a file system a thousand times as large. */
function roomToGrow(sizes: Sizes): number {
  const blocks = Math.min(sizes.blockCount * GROWTH_FACTOR, 2 ** 32 - 1);
  const groups = Math.ceil((blocks - sizes.firstDataBlock) / sizes.blocksPerGroup);
  const tableBlocks = Math.ceil(groups / sizes.descriptorsPerBlock);
  return Math.max(0, Math.min(sizes.blockBytes / 4, tableBlocks - sizes.descriptorBlocks));
}

function require(condition: boolean, what: string): void {
  if (!condition) throw new OsError("EINVAL", `format: ${what} cannot be`);
}
