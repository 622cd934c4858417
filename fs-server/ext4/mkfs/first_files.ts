/**
 * The files of a new file system: the root, `/lost+found`, the journal, and the inode that holds
 * room for the table of descriptors to grow.
 *
 * @module
 */

import { BLOCK_KIND, type CachedBlock } from "../../disk/cached_block.ts";
import type { MetadataChecksums } from "../checksums.ts";
import { firstBlockOf, hasSuperblock, type Sizes } from "../geometry.ts";
import { type DiskTime, toDiskTime } from "../inode.ts";
import { DIR_ENTRY, dirEntryBytes, ENTRY_TYPE } from "../layouts/dir_entry.ts";
import {
  FLAG_EXTENTS,
  INODE,
  INODE_BYTES_MIN,
  JOURNAL_INODE,
  LOST_FOUND_INODE,
  MODE_DIRECTORY,
  MODE_FILE,
  POINTERS_DIRECT,
  RESIZE_INODE,
  ROOT_INODE,
} from "../layouts/inode.ts";
import {
  JOURNAL_HEADER,
  JOURNAL_KIND,
  JOURNAL_MAGIC,
  JOURNAL_SUPERBLOCK as JSB,
} from "../layouts/journal.ts";
import type { BlockWriter } from "./block_writer.ts";
import {
  fitsInode,
  type MadeMap,
  mapByExtents,
  mapByPointers,
  pointerBlocksFor,
} from "./file_tree.ts";
import type { Placement, Run } from "./placement.ts";
import type { FormatPlan } from "./plan.ts";

const SECTOR_BYTES = 512;
/** So that e2fsck finds room there without allocating. */
const LOST_FOUND_BYTES = 16_384;
const DIRECTORY_TAIL_BYTES = 12;
const DIRECTORY_TAIL_TYPE = 0xde;
const DOUBLE_INDIRECT = 13;

/** A file that exists from the beginning. */
export interface FirstFile {
  readonly number: number;
  readonly mode: number;
  readonly links: number;
  readonly size: number;
  readonly sectors: number;
  readonly flags: number;
  readonly pointers: Uint32Array;
  /** Its blocks. */
  readonly runs: readonly Run[];
  /** The blocks that hold its map. */
  readonly mapBlocks: MadeMap["blocks"];
}

/** The files of a new file system. */
export interface FirstFiles {
  readonly root: FirstFile;
  readonly lostFound: FirstFile;
  readonly journal: FirstFile | undefined;
  readonly growth: FirstFile | undefined;
}

/** Decides where the first files lie, and takes their blocks. */
export function placeFirstFiles(plan: FormatPlan, placement: Placement): FirstFiles {
  const { sizes, journalBlocks } = plan;
  const { blockBytes } = sizes;
  const lostFoundBlocks = Math.min(POINTERS_DIRECT, LOST_FOUND_BYTES / blockBytes);
  const make = (file: Pick<FirstFile, "number" | "mode" | "links">, count: number, goal = 0) => {
    return { ...file, ...placeFile(sizes, placement, goal, count), size: count * blockBytes };
  };
  const root = make({ number: ROOT_INODE, mode: MODE_DIRECTORY | 0o755, links: 3 }, 1);
  const lostFound = make(
    { number: LOST_FOUND_INODE, mode: MODE_DIRECTORY | 0o700, links: 2 },
    lostFoundBlocks,
  );
  const growth = sizes.features.hasResizeInode ? growthFile(sizes, placement) : undefined;
  const middle = firstBlockOf(sizes, sizes.groupCount >> 1);
  const goal = journalBlocks * 2 < sizes.blockCount - middle ? middle : 0;
  const journal = journalBlocks > 0
    ? make({ number: JOURNAL_INODE, mode: MODE_FILE | 0o600, links: 1 }, journalBlocks, goal)
    : undefined;
  return { root, lostFound, journal, growth };
}

function placeFile(sizes: Sizes, placement: Placement, goal: number, count: number) {
  const { blockBytes, features } = sizes;
  const hasExtents = features.hasExtents;
  // The map first, since that is what a reader looks at first.
  const mapCount = hasExtents ? 0 : pointerBlocksFor(count, blockBytes);
  const spare = mapCount > 0 ? blocksOf(placement.takeBlocks(goal, mapCount)) : [];
  const runs = placement.takeBlocks(goal, count);
  if (hasExtents && !fitsInode(runs)) spare.push(...blocksOf(placement.takeBlocks(goal, 1)));
  const { pointers, blocks } = hasExtents
    ? mapByExtents(runs, spare[0], blockBytes)
    : mapByPointers(runs, spare, blockBytes);
  const sectors = (count + spare.length) * (blockBytes / SECTOR_BYTES);
  return { runs, pointers, mapBlocks: blocks, sectors, flags: hasExtents ? FLAG_EXTENTS : 0 };
}

/**
 * The inode of blocks behind the descriptors. Each such block of the first group is an indirect
 * block that names the same block of the other groups with copies.
 */
function growthFile(sizes: Sizes, placement: Placement): FirstFile {
  const { blockBytes, descriptorBlocks, descriptorBlocksReserved, superblockBlock } = sizes;
  const perBlock = blockBytes / 4;
  const [run] = placement.takeBlocks(0, 1);
  const top = run!.first;
  const words = new Uint32Array(perBlock);
  const mapBlocks = [{ block: top, words }];
  const backups: number[] = [];
  for (let group = 1; group < sizes.groupCount; group++) {
    if (hasSuperblock(sizes, group)) backups.push(group);
  }
  for (let index = 0; index < descriptorBlocksReserved; index++) {
    const block = superblockBlock + 1 + descriptorBlocks + index;
    words[(descriptorBlocks + index) % perBlock] = block;
    const copies = new Uint32Array(perBlock);
    backups.forEach((group, at) => copies[at] = block + group * sizes.blocksPerGroup);
    mapBlocks.push({ block, words: copies });
  }
  const pointers = new Uint32Array(15);
  pointers[DOUBLE_INDIRECT] = top;
  const count = 1 + descriptorBlocksReserved * (1 + backups.length);
  return {
    number: RESIZE_INODE,
    mode: MODE_FILE | 0o600,
    links: 1,
    size: (perBlock * perBlock + perBlock + POINTERS_DIRECT) * blockBytes,
    sectors: count * (blockBytes / SECTOR_BYTES),
    flags: 0,
    pointers,
    runs: [],
    mapBlocks,
  };
}

function blocksOf(runs: readonly Run[]): number[] {
  return runs.flatMap(({ first, count }) => Array.from({ length: count }, (_, at) => first + at));
}

/** Writes what the first files hold, and their maps. */
export function writeFirstFiles(
  writer: BlockWriter,
  files: FirstFiles,
  plan: FormatPlan,
  checksums: MetadataChecksums,
): void {
  const { sizes } = plan;
  for (const file of [files.root, files.lostFound, files.journal, files.growth]) {
    for (const { block, words } of file?.mapBlocks ?? []) {
      const bytes = writer.block(block);
      new Uint32Array(bytes.buffer, bytes.byteOffset, words.length).set(words);
      if (!sizes.features.hasExtents || file!.number === RESIZE_INODE) continue;
      const owner = checksums.inodeSeed(file!.number, 0);
      checksums.seal([asCached(bytes, { block, kind: BLOCK_KIND.extentNode, owner })]);
    }
  }
  writeDirectory(writer, files.root, checksums, sizes, [
    [".", ROOT_INODE],
    ["..", ROOT_INODE],
    ["lost+found", LOST_FOUND_INODE],
  ]);
  writeDirectory(writer, files.lostFound, checksums, sizes, [
    [".", LOST_FOUND_INODE],
    ["..", ROOT_INODE],
  ]);
  if (files.journal !== undefined) writeJournal(writer, files.journal, sizes);
}

function writeDirectory(
  writer: BlockWriter,
  file: FirstFile,
  checksums: MetadataChecksums,
  sizes: Sizes,
  entries: readonly (readonly [name: string, inode: number])[],
): void {
  const owner = checksums.inodeSeed(file.number, 0);
  blocksOf(file.runs).forEach((block, index) => {
    const bytes = writer.block(block);
    fillEntries(bytes, index === 0 ? entries : [], sizes.features.hasChecksums);
    checksums.seal([asCached(bytes, { block, kind: BLOCK_KIND.directory, owner })]);
  });
}

function fillEntries(
  bytes: Uint8Array,
  entries: readonly (readonly [name: string, inode: number])[],
  hasTail: boolean,
): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = bytes.byteLength - (hasTail ? DIRECTORY_TAIL_BYTES : 0);
  let at = 0;
  entries.forEach(([name, inode], index) => {
    const isLast = index === entries.length - 1;
    const recordBytes = isLast ? end - at : dirEntryBytes(name.length);
    view.setUint32(at + DIR_ENTRY.inode, inode, true);
    view.setUint16(at + DIR_ENTRY.recordBytes, recordBytes, true);
    view.setUint8(at + DIR_ENTRY.nameBytes, name.length);
    view.setUint8(at + DIR_ENTRY.type, ENTRY_TYPE.directory);
    for (let place = 0; place < name.length; place++) {
      bytes[at + DIR_ENTRY.name + place] = name.charCodeAt(place);
    }
    at += recordBytes;
  });
  if (entries.length === 0) view.setUint16(DIR_ENTRY.recordBytes, end, true);
  if (!hasTail) return;
  view.setUint16(end + DIR_ENTRY.recordBytes, DIRECTORY_TAIL_BYTES, true);
  view.setUint8(end + DIR_ENTRY.type, DIRECTORY_TAIL_TYPE);
}

/** An empty journal: its superblock, and zeros in which nobody can find an old transaction. */
function writeJournal(writer: BlockWriter, { runs, size }: FirstFile, sizes: Sizes): void {
  for (const { first, count } of runs) writer.zero(first, count);
  const bytes = writer.block(runs[0]!.first);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  view.setUint32(JOURNAL_HEADER.magic, JOURNAL_MAGIC);
  view.setUint32(JOURNAL_HEADER.kind, JOURNAL_KIND.superblock2);
  view.setUint32(JSB.blockBytes, sizes.blockBytes);
  view.setUint32(JSB.blockCount, size / sizes.blockBytes);
  view.setUint32(JSB.first, 1);
  view.setUint32(JSB.sequence, 1);
  view.setUint32(JSB.userCount, 1);
  bytes.set(sizes.uuid, JSB.uuid);
}

/** Writes the inodes of the first files into the first blocks of the first table. */
export function writeFirstInodes(
  writer: BlockWriter,
  files: FirstFiles,
  table: number,
  sizes: Sizes,
  checksums: MetadataChecksums,
  nowMs: number,
): void {
  const { inodeBytes, inodesPerBlock } = sizes;
  const time = toDiskTime(nowMs);
  const all = [files.root, files.growth, files.journal, files.lostFound];
  for (let first = 1; first <= LOST_FOUND_INODE; first += inodesPerBlock) {
    const block = table + (first - 1) / inodesPerBlock;
    const bytes = writer.block(block);
    const cached = asCached(bytes, { block, kind: BLOCK_KIND.inodeTable, owner: first });
    for (const file of all) {
      if (file === undefined || file.number < first) continue;
      if (file.number >= first + inodesPerBlock) continue;
      const at = (file.number - first) * inodeBytes;
      fillInode(cached.view, at, file, sizes, time);
      checksums.sealInode(cached, at, checksums.inodeSeed(file.number, 0));
    }
  }
}

function fillInode(
  view: DataView,
  at: number,
  file: FirstFile,
  sizes: Sizes,
  time: DiskTime,
): void {
  view.setUint16(at + INODE.mode, file.mode, true);
  view.setUint32(at + INODE.sizeLow, file.size >>> 0, true);
  view.setUint32(at + INODE.sizeHigh, Math.floor(file.size / 2 ** 32), true);
  view.setUint16(at + INODE.links, file.links, true);
  view.setUint32(at + INODE.sectors, file.sectors, true);
  view.setUint32(at + INODE.flags, file.flags, true);
  for (const field of [INODE.atime, INODE.ctime, INODE.mtime]) {
    view.setInt32(at + field, time.seconds, true);
  }
  file.pointers.forEach((word, index) => {
    view.setUint32(at + INODE.pointers + index * 4, word, true);
  });
  if (sizes.inodeBytes === INODE_BYTES_MIN) return;
  view.setUint16(at + INODE.extraBytes, sizes.extraBytes, true);
  view.setInt32(at + INODE.birthTime, time.seconds, true);
  const { atimeExtra, ctimeExtra, mtimeExtra, birthTimeExtra } = INODE;
  for (const field of [atimeExtra, ctimeExtra, mtimeExtra, birthTimeExtra]) {
    view.setUint32(at + field, time.extra, true);
  }
}

/** A block under construction, as checksums want it. */
export function asCached(
  bytes: Uint8Array,
  what: Pick<CachedBlock, "block" | "kind" | "owner">,
): CachedBlock {
  const { buffer, byteOffset, byteLength } = bytes;
  return {
    ...what,
    bytes,
    words: new Uint32Array(buffer, byteOffset, byteLength / 4),
    view: new DataView(buffer, byteOffset, byteLength),
    changed: true,
    mark: 0,
  };
}
