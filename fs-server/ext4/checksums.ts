/**
 * Checksums of metadata: CRC-32C of every block (metadata_csum), or CRC-16 of the descriptors alone
 * (uninit_bg), or none.
 *
 * ```
 * superblock, descriptors, directories, hash nodes, extents, attributes, orphans   in the block
 * bitmaps                                                                     in the descriptor
 * inodes                                                                      in the inode
 * ```
 * Bitmaps are verified and sealed by who reads and changes them, since that takes another block;
 * inodes are verified by who reads them, since that takes a part of one. The rest is verified when it
 * comes from the disk, and sealed when it goes there: of inodes those that the block's mark names. A
 * block that an inode owns is seeded by that inode, and the seed stands in `CachedBlock.owner`.
 *
 * Source: Linux `Documentation/filesystems/ext4/checksums.rst`.
 *
 * @module
 */

import { assert, crc32c, OsError } from "@hako/ipc";
import { BLOCK_KIND, type BlockIntegrity, type CachedBlock } from "../disk/cached_block.ts";
import type { BitRun } from "./bitmap.ts";
import { BitSums } from "./bit_sums.ts";
import { crc16Of, crc32cOf, crc32cOfWord, superblockChecksum } from "./crc.ts";
import type { Sizes } from "./geometry.ts";
import { GROUP_DESCRIPTOR as GD } from "./layouts/group_descriptor.ts";
import { INODE, INODE_BYTES_MIN } from "./layouts/inode.ts";
import { SUPERBLOCK as SB, SUPERBLOCK_BYTES } from "./layouts/superblock.ts";

/** The last bytes of a directory block: an entry of no inode, with the checksum for a name. */
const DIRECTORY_TAIL = { bytes: 12, inode: 0, entryBytes: 4, nameBytes: 6, type: 7, checksum: 8 };
const DIRECTORY_TAIL_TYPE = 0xde;

/** Where a hash node has its counts: behind `.` and `..` and 8 bytes, or behind an empty entry. */
const HASH_ROOT = { dotBytes: 12, info: 24, infoBytes: 29, limits: 32 };
const HASH_NODE_LIMITS = 8;
const HASH_ENTRY_BYTES = 8;
const HASH_TAIL_BYTES = 8;

/** Header and entries of an extent node have 12 bytes; the checksum follows the last entry. */
const EXTENT_BYTES = 12;
const EXTENT_MAGIC = 0xf30a;

const ATTRIBUTES_CHECKSUM = 16;
const ORPHAN_TAIL = { bytes: 8, checksum: 4 };

/** Offsets of a bitmap's checksum in its group's descriptor. */
interface BitmapChecksum {
  readonly low: number;
  readonly high: number;
}

const OF_BLOCKS: BitmapChecksum = { low: GD.blockBitmapChecksum, high: GD.blockBitmapChecksumHigh };
const OF_INODES: BitmapChecksum = { low: GD.inodeBitmapChecksum, high: GD.inodeBitmapChecksumHigh };

/** Bits of a bitmap beyond which it is summed anew. */
const FLIPPED_MAX = 256;

/** The checksums of one file system. It holds no state but seeds and tables. */
export class MetadataChecksums implements BlockIntegrity {
  readonly #sizes: Sizes;
  /** Seed of everything, as `crc32c` wants it. */
  readonly #seed: number;
  /** Seed of the CRC-16 of descriptors. */
  readonly #groupSeed: number;
  #blockSums: BitSums | undefined;
  #inodeSums: BitSums | undefined;

  /** Knows from the sizes which checksums there are. */
  constructor(sizes: Sizes) {
    this.#sizes = sizes;
    this.#seed = ~sizes.checksumSeed >>> 0;
    this.#groupSeed = crc16Of(sizes.uuid, 0, sizes.uuid.byteLength, 0xffff);
  }

  /**
   * Checks a block just read from the disk, unless its checksum lies elsewhere.
   *
   * @throws {OsError} `EBADMSG` if its checksum is wrong, or has no place where it must have one.
   */
  verify(block: CachedBlock): void {
    const { features } = this.#sizes;
    if (!features.hasUninitGroups) return;
    if (block.kind === BLOCK_KIND.descriptors) return this.#verifyDescriptors(block);
    if (!features.hasChecksums) return;
    const at = this.#placeOf(block);
    if (at === undefined) return;
    if (at < 0 || block.view.getUint32(at, true) !== this.#sumOf(block, at)) {
      throw new OsError("EBADMSG", `checksum of block ${block.block}`);
    }
  }

  /** Puts the checksums into changed blocks, but for bitmaps. */
  seal(blocks: readonly CachedBlock[]): void {
    const { features } = this.#sizes;
    if (!features.hasUninitGroups) return;
    for (const block of blocks) {
      if (block.kind === BLOCK_KIND.descriptors) this.#sealDescriptors(block);
      else if (!features.hasChecksums) continue;
      else if (block.kind === BLOCK_KIND.inodeTable) this.#sealInodes(block);
      else this.#sealBlock(block);
    }
  }

  /**
   * Checks a bitmap against its group's descriptor.
   *
   * @param at Where in its block the descriptor begins.
   * @throws {OsError} `EBADMSG` if its checksum is wrong.
   */
  verifyBitmap(bitmap: CachedBlock, descriptor: CachedBlock, at: number): void {
    if (!this.#sizes.features.hasChecksums) return;
    const { view } = descriptor;
    const place = bitmap.kind === BLOCK_KIND.blockBitmap ? OF_BLOCKS : OF_INODES;
    const sum = this.#sumOfBitmap(bitmap);
    const isWrong = view.getUint16(at + place.low, true) !== (sum & 0xffff) ||
      (this.#hasHigh(place) && view.getUint16(at + place.high, true) !== sum >>> 16);
    if (isWrong) throw new OsError("EBADMSG", `checksum of bitmap ${bitmap.block}`);
  }

  /** Puts the checksum of a bitmap into its group's descriptor, which the caller has changed too. */
  sealBitmap(bitmap: CachedBlock, descriptor: CachedBlock, at: number): void {
    if (!this.#sizes.features.hasChecksums) return;
    const place = bitmap.kind === BLOCK_KIND.blockBitmap ? OF_BLOCKS : OF_INODES;
    const sum = this.#sumOfBitmap(bitmap);
    descriptor.view.setUint16(at + place.low, sum & 0xffff, true);
    if (this.#hasHigh(place)) descriptor.view.setUint16(at + place.high, sum >>> 16, true);
  }

  /** The same after a run of its bits has flipped, if its checksum was right before. */
  sealFlipped(bitmap: CachedBlock, descriptor: CachedBlock, at: number, run: BitRun): void {
    if (!this.#sizes.features.hasChecksums) return;
    if (run.count > FLIPPED_MAX) return this.sealBitmap(bitmap, descriptor, at);
    const isOfBlocks = bitmap.kind === BLOCK_KIND.blockBitmap;
    const place = isOfBlocks ? OF_BLOCKS : OF_INODES;
    const flipped = this.#bitSums(isOfBlocks).ofRun(run.start, run.count);
    const { view } = descriptor;
    view.setUint16(at + place.low, view.getUint16(at + place.low, true) ^ (flipped & 0xffff), true);
    if (!this.#hasHigh(place)) return;
    view.setUint16(at + place.high, view.getUint16(at + place.high, true) ^ (flipped >>> 16), true);
  }

  #bitSums(isOfBlocks: boolean): BitSums {
    const byteLength = this.#bitmapBytes(isOfBlocks);
    if (isOfBlocks) return this.#blockSums ??= new BitSums(byteLength);
    return this.#inodeSums ??= new BitSums(byteLength);
  }

  /** The seed of all checksums that an inode owns; 0 if there are none. */
  inodeSeed(number: number, generation: number): number {
    if (!this.#sizes.features.hasChecksums) return 0;
    return crc32cOfWord(generation, crc32cOfWord(number, this.#seed));
  }

  /** Puts the checksum into the inode at a byte of its block. */
  sealInode(cached: CachedBlock, at: number, seed: number): void {
    if (!this.#sizes.features.hasChecksums) return;
    const { view } = cached;
    const hasHigh = this.#inodeHasHigh(view, at);
    view.setUint16(at + INODE.checksumLow, 0, true);
    if (hasHigh) view.setUint16(at + INODE.checksumHigh, 0, true);
    const sum = this.#sumOfInode(cached, at, seed);
    view.setUint16(at + INODE.checksumLow, sum & 0xffff, true);
    if (hasHigh) view.setUint16(at + INODE.checksumHigh, sum >>> 16, true);
  }

  /** Whether the checksum of the inode at a byte of its block is right, or all its bytes are 0. */
  isInodeSound(cached: CachedBlock, at: number, seed: number): boolean {
    if (!this.#sizes.features.hasChecksums) return true;
    const { view } = cached;
    const hasHigh = this.#inodeHasHigh(view, at);
    const low = view.getUint16(at + INODE.checksumLow, true);
    const high = hasHigh ? view.getUint16(at + INODE.checksumHigh, true) : 0;
    this.sealInode(cached, at, seed);
    const isRight = view.getUint16(at + INODE.checksumLow, true) === low &&
      (!hasHigh || view.getUint16(at + INODE.checksumHigh, true) === high);
    view.setUint16(at + INODE.checksumLow, low, true);
    if (hasHigh) view.setUint16(at + INODE.checksumHigh, high, true);
    return isRight || this.#isZero(cached, at);
  }

  /** Puts checksums into the inodes of a block that are known to be right, or were stored. */
  #sealInodes(block: CachedBlock): void {
    const { inodesPerBlock, inodeBytes } = this.#sizes;
    for (let place = 0; place < inodesPerBlock; place++) {
      if ((block.mark & (1 << place)) === 0) continue;
      const at = place * inodeBytes;
      // One that was never used stays so.
      if (this.#isZero(block, at)) continue;
      const generation = block.view.getUint32(at + INODE.generation, true);
      this.sealInode(block, at, this.inodeSeed(block.owner + place, generation));
    }
  }

  #isZero(cached: CachedBlock, at: number): boolean {
    return cached.bytes.subarray(at, at + this.#sizes.inodeBytes).every((byte) => byte === 0);
  }

  #inodeHasHigh(view: DataView, at: number): boolean {
    if (this.#sizes.inodeBytes === INODE_BYTES_MIN) return false;
    const end = INODE_BYTES_MIN + view.getUint16(at + INODE.extraBytes, true);
    return end >= INODE.checksumHigh + 2;
  }

  #sumOfInode(cached: CachedBlock, at: number, seed: number): number {
    return ~crc32c(cached.words, at >>> 2, this.#sizes.inodeBytes >>> 2, seed) >>> 0;
  }

  #sealBlock(block: CachedBlock): void {
    const at = this.#placeOf(block);
    if (at === undefined) return;
    assert(at >= 0, "a block that we change has a place for its checksum");
    block.view.setUint32(at, this.#sumOf(block, at), true);
  }

  #hasHigh(place: BitmapChecksum): boolean {
    return this.#sizes.descriptorBytes >= place.high + 2;
  }

  #sumOfBitmap(bitmap: CachedBlock): number {
    const byteLength = this.#bitmapBytes(bitmap.kind === BLOCK_KIND.blockBitmap);
    return ~crc32cOf(bitmap, 0, byteLength, this.#seed) >>> 0;
  }

  #bitmapBytes(isOfBlocks: boolean): number {
    const { blocksPerGroup, inodesPerGroup, bitsPerBlock } = this.#sizes;
    return Math.min(bitsPerBlock, isOfBlocks ? blocksPerGroup : inodesPerGroup) >>> 3;
  }

  #verifyDescriptors(block: CachedBlock): void {
    this.#eachDescriptor(block, (group, at) => {
      if (
        block.view.getUint16(at + GD.checksum, true) !== this.#sumOfDescriptor(block, group, at)
      ) {
        throw new OsError("EBADMSG", `checksum of the descriptor of group ${group}`);
      }
    });
  }

  #sealDescriptors(block: CachedBlock): void {
    this.#eachDescriptor(block, (group, at) => {
      block.view.setUint16(at + GD.checksum, this.#sumOfDescriptor(block, group, at), true);
    });
  }

  #eachDescriptor(block: CachedBlock, visit: (group: number, at: number) => void): void {
    const { groupCount, descriptorsPerBlock, descriptorBytes } = this.#sizes;
    const count = Math.min(descriptorsPerBlock, groupCount - block.owner);
    for (let place = 0; place < count; place++) visit(block.owner + place, place * descriptorBytes);
  }

  #sumOfDescriptor(block: CachedBlock, group: number, at: number): number {
    const { features, descriptorBytes } = this.#sizes;
    const { view, words, bytes } = block;
    if (features.hasChecksums) {
      const stored = view.getUint16(at + GD.checksum, true);
      view.setUint16(at + GD.checksum, 0, true);
      const seed = crc32cOfWord(group, this.#seed);
      const sum = ~crc32c(words, at >>> 2, descriptorBytes >>> 2, seed);
      view.setUint16(at + GD.checksum, stored, true);
      return sum & 0xffff;
    }
    const number = Uint8Array.of(group, group >>> 8, group >>> 16, group >>> 24);
    const sum = crc16Of(number, 0, 4, this.#groupSeed);
    const before = crc16Of(bytes, at, at + GD.checksum, sum);
    // Only 64bit lets the checksum cover what lies behind it.
    return crc16Of(bytes, at + GD.checksum + 2, at + descriptorBytes, before);
  }

  /** Where in its block the checksum stands; undefined if it has none, -1 if there is no place. */
  #placeOf(block: CachedBlock): number | undefined {
    switch (block.kind) {
      case BLOCK_KIND.superblock:
        return this.#sizes.superblockOffset + SB.checksum;
      case BLOCK_KIND.directory:
        return this.#placeInDirectory(block.view);
      case BLOCK_KIND.hashNode:
        return this.#placeInHashNode(block.view);
      case BLOCK_KIND.extentNode:
        return this.#placeInExtentNode(block.view);
      case BLOCK_KIND.attributes:
        return ATTRIBUTES_CHECKSUM;
      case BLOCK_KIND.orphanFile:
        return this.#sizes.blockBytes - ORPHAN_TAIL.bytes + ORPHAN_TAIL.checksum;
    }
    return undefined;
  }

  #placeInDirectory(view: DataView): number {
    const tail = this.#sizes.blockBytes - DIRECTORY_TAIL.bytes;
    const isThere = view.getUint32(tail + DIRECTORY_TAIL.inode, true) === 0 &&
      view.getUint16(tail + DIRECTORY_TAIL.entryBytes, true) === DIRECTORY_TAIL.bytes &&
      view.getUint8(tail + DIRECTORY_TAIL.nameBytes) === 0 &&
      view.getUint8(tail + DIRECTORY_TAIL.type) === DIRECTORY_TAIL_TYPE;
    return isThere ? tail + DIRECTORY_TAIL.checksum : -1;
  }

  #placeInHashNode(view: DataView): number {
    const { blockBytes } = this.#sizes;
    const limits = hashLimits(view, blockBytes);
    if (limits < 0) return -1;
    const tail = limits + HASH_ENTRY_BYTES * view.getUint16(limits, true);
    const end = limits + HASH_ENTRY_BYTES * view.getUint16(limits + 2, true);
    return tail > blockBytes - HASH_TAIL_BYTES || end > tail ? -1 : tail + 4;
  }

  #placeInExtentNode(view: DataView): number {
    const at = EXTENT_BYTES * (1 + view.getUint16(4, true));
    return view.getUint16(0, true) === EXTENT_MAGIC && at <= this.#sizes.blockBytes - 4 ? at : -1;
  }

  /** The checksum of a block, which stands or will stand at byte `at`. */
  #sumOf(block: CachedBlock, at: number): number {
    const { words, view } = block;
    switch (block.kind) {
      case BLOCK_KIND.superblock: {
        const from = view.byteOffset + this.#sizes.superblockOffset;
        return superblockChecksum(new DataView(view.buffer, from, SUPERBLOCK_BYTES));
      }
      case BLOCK_KIND.directory:
        return ~crc32c(words, 0, (at - DIRECTORY_TAIL.checksum) >>> 2, block.owner) >>> 0;
      case BLOCK_KIND.hashNode: {
        const limits = hashLimits(view, this.#sizes.blockBytes);
        const byteLength = limits + HASH_ENTRY_BYTES * view.getUint16(limits + 2, true);
        const entries = crc32c(words, 0, byteLength >>> 2, block.owner);
        const reserved = crc32c(words, (at >>> 2) - 1, 1, entries);
        return ~crc32cOfWord(0, reserved) >>> 0;
      }
      case BLOCK_KIND.extentNode:
        return ~crc32c(words, 0, at >>> 2, block.owner) >>> 0;
      case BLOCK_KIND.attributes: {
        const head = crc32c(words, 0, at >>> 2, seedOfBlock(this.#seed, block.block));
        const { length } = words;
        return ~crc32c(words, (at >>> 2) + 1, length - (at >>> 2) - 1, crc32cOfWord(0, head)) >>> 0;
      }
      default: {
        const count = (this.#sizes.blockBytes - ORPHAN_TAIL.bytes) >>> 2;
        return ~crc32c(words, 0, count, seedOfBlock(block.owner, block.block)) >>> 0;
      }
    }
  }
}

/** A seed that takes a block's own number, of 64 bits, in. */
function seedOfBlock(seed: number, block: number): number {
  return crc32cOfWord(Math.floor(block / 2 ** 32), crc32cOfWord(block >>> 0, seed));
}

/** Where a hash node has its limit and its count, or -1 if it is none. */
function hashLimits(view: DataView, blockBytes: number): number {
  const firstBytes = view.getUint16(4, true);
  if (firstBytes === blockBytes) return HASH_NODE_LIMITS;
  if (firstBytes !== HASH_ROOT.dotBytes) return -1;
  if (view.getUint16(HASH_ROOT.dotBytes + 4, true) !== blockBytes - HASH_ROOT.dotBytes) return -1;
  if (view.getUint32(HASH_ROOT.info, true) !== 0) return -1;
  return view.getUint8(HASH_ROOT.infoBytes) === 8 ? HASH_ROOT.limits : -1;
}
