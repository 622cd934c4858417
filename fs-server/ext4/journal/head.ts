/**
 * The journal's superblock: what is in the log, and how it is written. Every field is checked.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import {
  JOURNAL_CHECKSUM_KIND,
  JOURNAL_COMPAT_CHECKSUM,
  JOURNAL_HEADER as HEADER,
  JOURNAL_INCOMPAT_64BIT,
  JOURNAL_INCOMPAT_ASYNC_COMMIT,
  JOURNAL_INCOMPAT_CHECKSUM_2,
  JOURNAL_INCOMPAT_CHECKSUM_3,
  JOURNAL_INCOMPAT_NAMES,
  JOURNAL_INCOMPAT_REVOKE,
  JOURNAL_KIND,
  JOURNAL_MAGIC,
  JOURNAL_SUPERBLOCK as JSB,
  JOURNAL_SUPERBLOCK_BYTES,
} from "../layouts/journal.ts";
import { journalCrc32c, journalSeed } from "./checksum.ts";

const INCOMPAT_KNOWN = JOURNAL_INCOMPAT_REVOKE | JOURNAL_INCOMPAT_64BIT |
  JOURNAL_INCOMPAT_ASYNC_COMMIT | JOURNAL_INCOMPAT_CHECKSUM_2 | JOURNAL_INCOMPAT_CHECKSUM_3;
const SUM_START = 0xffff_ffff;

/** What a journal's superblock says. */
export interface JournalHead {
  /** Bytes of a block. */
  readonly blockBytes: number;
  /** Blocks of the journal, the superblock included. */
  readonly blockCount: number;
  /** The first block of the log. */
  readonly first: number;
  /** Where the log begins; 0: it is empty. */
  readonly start: number;
  /** The sequence number of the first transaction, or of the next one. */
  readonly sequence: number;
  /** Why Linux gave the journal up, or 0. */
  readonly error: number;
  /** Bytes of a tag. */
  readonly tagBytes: number;
  /** Whether block numbers have 64 bits. */
  readonly has64Bit: boolean;
  /** Whether tags have the form of version 3. */
  readonly hasLongTags: boolean;
  /** Whether tags hold 16 bits of a checksum. */
  readonly hasShortTagSums: boolean;
  /** Whether commit blocks hold a sum of what they commit. */
  readonly hasTransactionSums: boolean;
  /** What all checksums start from, if blocks have any. */
  readonly seed: number | undefined;
  /** Whether a commit block may have overtaken what it commits. */
  readonly isAsync: boolean;
}

/** What a journal must agree with. */
export interface JournalBounds {
  /** Bytes of a block of the file system. */
  readonly blockBytes: number;
  /** Blocks of the journal's file. */
  readonly blockCount: number;
}

/**
 * Reads and checks a journal's superblock.
 *
 * @param view Its 1024 bytes, a copy.
 * @throws {OsError} `EUCLEAN` damaged; `EBADMSG` wrong checksum; `EOPNOTSUPP` a feature we lack.
 */
export function readJournalHead(view: DataView, bounds: JournalBounds): JournalHead {
  const kind = view.getUint32(HEADER.kind);
  check(view.getUint32(HEADER.magic) === JOURNAL_MAGIC, "no superblock");
  check(kind === JOURNAL_KIND.superblock1 || kind === JOURNAL_KIND.superblock2, "no superblock");
  const hasFeatures = kind === JOURNAL_KIND.superblock2;
  const incompat = hasFeatures ? view.getUint32(JSB.featuresIncompat) : 0;
  const compat = hasFeatures ? view.getUint32(JSB.featuresCompat) : 0;
  refuseFeatures(incompat, hasFeatures ? view.getUint32(JSB.featuresReadOnly) : 0);
  const isSummed2 = (incompat & JOURNAL_INCOMPAT_CHECKSUM_2) !== 0;
  const isSummed3 = (incompat & JOURNAL_INCOMPAT_CHECKSUM_3) !== 0;
  const hasTransactionSums = (compat & JOURNAL_COMPAT_CHECKSUM) !== 0;
  const versions = Number(isSummed2) + Number(isSummed3) + Number(hasTransactionSums);
  check(versions <= 1, "checksums of two kinds");
  const seed = isSummed2 || isSummed3 ? verifyHead(view) : undefined;
  const head = {
    blockBytes: view.getUint32(JSB.blockBytes),
    blockCount: view.getUint32(JSB.blockCount),
    first: view.getUint32(JSB.first),
    start: view.getUint32(JSB.start),
    sequence: view.getUint32(JSB.sequence),
    error: view.getInt32(JSB.error),
    tagBytes: tagBytes(incompat),
    has64Bit: (incompat & JOURNAL_INCOMPAT_64BIT) !== 0,
    hasLongTags: isSummed3,
    hasShortTagSums: isSummed2,
    hasTransactionSums,
    seed,
    isAsync: (incompat & JOURNAL_INCOMPAT_ASYNC_COMMIT) !== 0,
  };
  check(head.blockBytes === bounds.blockBytes, "blocks of another size");
  check(head.blockCount <= bounds.blockCount, "more blocks than its file has");
  check(head.first >= 1 && head.first < head.blockCount, "first block");
  const isInside = head.start >= head.first && head.start < head.blockCount;
  check(head.start === 0 || isInside, "start of the log");
  return head;
}

/** Writes the checksum of a journal's superblock, if it has one. */
export function sealJournalHead(view: DataView, head: JournalHead): void {
  if (head.seed !== undefined) view.setUint32(JSB.checksum, headChecksum(view));
}

function verifyHead(view: DataView): number {
  const checksumKind = view.getUint8(JSB.checksumKind);
  if (checksumKind !== JOURNAL_CHECKSUM_KIND.crc32c) {
    throw new OsError("EOPNOTSUPP", `journal with checksums of kind ${checksumKind}`);
  }
  if (headChecksum(view) !== view.getUint32(JSB.checksum)) {
    throw new OsError("EBADMSG", "journal: checksum of its superblock");
  }
  return journalSeed(new Uint8Array(view.buffer, view.byteOffset + JSB.uuid, 16));
}

function headChecksum(view: DataView): number {
  const copy = new Uint8Array(view.buffer, view.byteOffset, JOURNAL_SUPERBLOCK_BYTES).slice();
  const words = new Uint32Array(copy.buffer);
  words[JSB.checksum / 4] = 0;
  return journalCrc32c(words, SUM_START);
}

function tagBytes(incompat: number): number {
  if ((incompat & JOURNAL_INCOMPAT_CHECKSUM_3) !== 0) return 16;
  const bytes = (incompat & JOURNAL_INCOMPAT_64BIT) !== 0 ? 12 : 8;
  return (incompat & JOURNAL_INCOMPAT_CHECKSUM_2) !== 0 ? bytes + 2 : bytes;
}

function refuseFeatures(incompat: number, readOnly: number): void {
  const names: string[] = [];
  for (let shift = 0; shift < 32; shift++) {
    const bit = (1 << shift) >>> 0;
    if ((incompat & ~INCOMPAT_KNOWN & bit) === 0) continue;
    names.push(JOURNAL_INCOMPAT_NAMES.get(bit) ?? `journal 0x${bit.toString(16)}`);
  }
  if (readOnly !== 0) names.push(`journal read-only 0x${readOnly.toString(16)}`);
  if (names.length > 0) throw new OsError("EOPNOTSUPP", `unsupported feature ${names.join(" ")}`);
}

function check(condition: boolean, what: string): asserts condition {
  if (!condition) throw new OsError("EUCLEAN", `damaged journal: ${what}`);
}
