/**
 * Which features a file system has, and what follows: those that we lack forbid mounting it, or
 * writing to it.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import {
  COMPAT,
  INCOMPAT,
  INCOMPAT_NAMES,
  READ_ONLY,
  READ_ONLY_NAMES,
  SUPERBLOCK as SB,
} from "./layouts/superblock.ts";

const INCOMPAT_KNOWN = INCOMPAT.filetype | INCOMPAT.needsRecovery | INCOMPAT.metaGroups |
  INCOMPAT.extents | INCOMPAT.sixtyFourBit | INCOMPAT.flexGroups | INCOMPAT.checksumSeed |
  INCOMPAT.largeDir;

const READ_ONLY_KNOWN = READ_ONLY.sparseSuper | READ_ONLY.largeFile | READ_ONLY.hugeFile |
  READ_ONLY.groupChecksums | READ_ONLY.dirNlink | READ_ONLY.extraIsize |
  READ_ONLY.metadataChecksums | READ_ONLY.orphanPresent;

/** The features of a file system. */
export interface Features {
  /** Bits that anybody may ignore. */
  readonly compat: number;
  /** Bits without which nobody may mount. */
  readonly incompat: number;
  /** Bits without which one may read but not write. */
  readonly readOnly: number;
  /** The features for which it may only be read, as mke2fs spells them; empty if there are none. */
  readonly readOnlyBecause: readonly string[];
  /** Directory entries carry types. */
  readonly hasFileType: boolean;
  /** New files are mapped by extents. */
  readonly hasExtents: boolean;
  /** Directories may have hash trees. */
  readonly hasHtree: boolean;
  /** Hash trees may have three levels, directories more than 2 GiB. */
  readonly hasLargeDir: boolean;
  /** A directory's link count of 1 means many. */
  readonly hasDirNlink: boolean;
  /** Inodes may have extended attributes. */
  readonly hasXattr: boolean;
  /** Block numbers have 64 bits, descriptors more than 32 bytes. */
  readonly has64Bit: boolean;
  /** Metadata of several groups lies together. */
  readonly hasFlexGroups: boolean;
  /** Descriptors lie in the groups that they describe. */
  readonly hasMetaGroups: boolean;
  /** All metadata has a CRC-32C. */
  readonly hasChecksums: boolean;
  /** The seed of checksums stands in the superblock. */
  readonly hasChecksumSeed: boolean;
  /** Descriptors alone have a checksum, a CRC-16. */
  readonly hasGroupChecksums: boolean;
  /** Groups may be uninitialised. */
  readonly hasUninitGroups: boolean;
  /** Counts of a file's blocks have 48 bits. */
  readonly hasHugeFile: boolean;
  /** Some file is of 2 GiB or more. */
  readonly hasLargeFile: boolean;
  /** Every inode has at least so many extra bytes as the superblock says. */
  readonly hasExtraInodeBytes: boolean;
  /** Only some groups have copies of the superblock. */
  readonly hasSparseSuper: boolean;
  /** Only two groups that the superblock names have copies of it. */
  readonly hasSparseSuper2: boolean;
  /** An inode holds blocks behind the descriptors. */
  readonly hasResizeInode: boolean;
  /** There is a journal. */
  readonly hasJournal: boolean;
  /** The journal must be replayed before anything else is read. */
  readonly needsRecovery: boolean;
  /** The journal may hold fast commits. */
  readonly hasFastCommit: boolean;
  /** There is a file of orphans. */
  readonly hasOrphanFile: boolean;
  /** The file of orphans may not be empty. */
  readonly hasOrphans: boolean;
  /** Blocks are taken in clusters. */
  readonly hasClusters: boolean;
}

/**
 * Reads the features of a superblock.
 *
 * @param superblock Its 1024 bytes.
 * @throws {OsError} `EOPNOTSUPP` names all features without which we cannot mount.
 */
export function readFeatures(superblock: DataView): Features {
  const isDynamic = superblock.getUint32(SB.revision, true) > 0;
  const word = (offset: number) => isDynamic ? superblock.getUint32(offset, true) : 0;
  const incompat = word(SB.featuresIncompat);
  const unknown = (incompat & ~INCOMPAT_KNOWN) >>> 0;
  if (unknown !== 0) {
    const names = nameBits(unknown, INCOMPAT_NAMES).join(" ");
    throw new OsError("EOPNOTSUPP", `mount: unsupported feature ${names}`);
  }
  return featuresOf(word(SB.featuresCompat), incompat, word(SB.featuresReadOnly));
}

/** What the three words of features mean. */
export function featuresOf(compat: number, incompat: number, readOnly: number): Features {
  const hasChecksums = (readOnly & READ_ONLY.metadataChecksums) !== 0;
  const hasUninitGroups = hasChecksums || (readOnly & READ_ONLY.groupChecksums) !== 0;
  return {
    compat,
    incompat,
    readOnly,
    readOnlyBecause: nameBits((readOnly & ~READ_ONLY_KNOWN) >>> 0, READ_ONLY_NAMES),
    hasFileType: (incompat & INCOMPAT.filetype) !== 0,
    hasExtents: (incompat & INCOMPAT.extents) !== 0,
    hasHtree: (compat & COMPAT.dirIndex) !== 0,
    hasLargeDir: (incompat & INCOMPAT.largeDir) !== 0,
    hasDirNlink: (readOnly & READ_ONLY.dirNlink) !== 0,
    hasXattr: (compat & COMPAT.extAttr) !== 0,
    has64Bit: (incompat & INCOMPAT.sixtyFourBit) !== 0,
    hasFlexGroups: (incompat & INCOMPAT.flexGroups) !== 0,
    hasMetaGroups: (incompat & INCOMPAT.metaGroups) !== 0,
    hasChecksums,
    hasChecksumSeed: (incompat & INCOMPAT.checksumSeed) !== 0,
    hasGroupChecksums: hasUninitGroups && !hasChecksums,
    hasUninitGroups,
    hasHugeFile: (readOnly & READ_ONLY.hugeFile) !== 0,
    hasLargeFile: (readOnly & READ_ONLY.largeFile) !== 0,
    hasExtraInodeBytes: (readOnly & READ_ONLY.extraIsize) !== 0,
    hasSparseSuper: (readOnly & READ_ONLY.sparseSuper) !== 0,
    hasSparseSuper2: (compat & COMPAT.sparseSuper2) !== 0,
    hasResizeInode: (compat & COMPAT.resizeInode) !== 0,
    hasJournal: (compat & COMPAT.hasJournal) !== 0,
    needsRecovery: (incompat & INCOMPAT.needsRecovery) !== 0,
    hasFastCommit: (compat & COMPAT.fastCommit) !== 0,
    hasOrphanFile: (compat & COMPAT.orphanFile) !== 0,
    hasOrphans: (readOnly & READ_ONLY.orphanPresent) !== 0,
    hasClusters: (readOnly & READ_ONLY.bigalloc) !== 0,
  };
}

function nameBits(bits: number, names: ReadonlyMap<number, string>): string[] {
  const found: string[] = [];
  for (let shift = 0; shift < 32; shift++) {
    const bit = (1 << shift) >>> 0;
    if ((bits & bit) !== 0) found.push(names.get(bit) ?? `0x${bit.toString(16)}`);
  }
  return found;
}
