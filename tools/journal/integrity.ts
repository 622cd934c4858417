/**
 * Reads what an integrity layer wrote at the end of a device: its labels, and with `verify` each
 * block with its tag.
 *
 * @module
 */

import { crc32cBytes } from "@hako/ipc";
import {
  decodeLabel,
  type Label,
  LABELS,
  LEG_STATE,
} from "../../storage-server/integrity/layouts/label.ts";
import {
  bindingOf,
  DISCARDED,
  metadataBlocks,
  stampOf,
  tagBlocksPerRegion,
  TAGS_AT,
  TAGS_PER_BLOCK,
} from "../../storage-server/integrity/layouts/tag_block.ts";
import { BLOCK_WORDS } from "../../storage-server/layouts/superblock.ts";
import { BLOCK_BYTES } from "../../storage-server/protocol.ts";
import type { Blocks } from "./image_file.ts";
import type { LayerReport, TagsReport } from "./report.ts";

const RUN_BLOCKS = 256; // 1 MiB.

/** A layer on a device, and the blocks that it offers. */
export interface Layer {
  /** What there is to tell. */
  readonly report: LayerReport;
  /** Its own blocks, which a storage server sees. */
  readonly blocks: Blocks;
}

/**
 * The layer on a device, or `undefined` if it has no valid label.
 *
 * @param device The whole device.
 * @param verify Whether to compare each block with its tag.
 */
export function readLayer(device: Blocks, verify: boolean): Layer | undefined {
  if (device.blockCount < LABELS) return undefined;
  const words = device.read(device.blockCount - LABELS, LABELS);
  const label = [0, 1]
    .flatMap((slot) => decodeLabel(words.subarray(slot * BLOCK_WORDS), slot) ?? [])
    .toSorted((one, other) => other.generation - one.generation)[0];
  if (label === undefined) return undefined;
  if (label.dataBlocks + metadataBlocks(label) > device.blockCount) return undefined;
  const { layerId, leg, legCount, generation, states, dataBlocks, regionBlocks, isTagged } = label;
  const report: LayerReport = {
    layerId: new Uint8Array(layerId.buffer, layerId.byteOffset, layerId.byteLength).toHex(),
    leg,
    legCount,
    generation,
    legStates: states.slice(0, legCount).map(nameOf),
    blockCount: dataBlocks,
    regionBlocks,
    isTagged,
    dirtyRegions: bitsOf(label.dirty),
    missedRegions: bitsOf(label.missed),
    ...(verify && isTagged ? { tags: verifyTags(device, label) } : {}),
  };
  const blocks = {
    blockCount: dataBlocks,
    read: (first: number, count: number) => device.read(first, count),
  };
  return { report, blocks };
}

/** Compares the blocks of all regions that are not dirty with their tags. */
function verifyTags(device: Blocks, label: Label): TagsReport {
  const found = { good: 0, unknown: 0, discarded: 0, inDoubt: 0, badBlocks: [] as number[] };
  const lostTagBlocks: number[] = [];
  const perRegion = tagBlocksPerRegion(label);
  const firstTagBlock = device.blockCount - metadataBlocks(label);
  for (let first = 0; first < label.dataBlocks;) {
    const region = Math.floor(first / label.regionBlocks);
    const within = first - region * label.regionBlocks;
    const left = Math.min(label.regionBlocks - within, label.dataBlocks - first);
    const count = Math.min(left, TAGS_PER_BLOCK - within % TAGS_PER_BLOCK);
    const number = region * perRegion + Math.floor(within / TAGS_PER_BLOCK);
    const tags = device.read(firstTagBlock + number, 1);
    if (hasBit(label.dirty, region)) found.inDoubt += count;
    else if (stampOf(tags.slice(), label, number) < 0) lostTagBlocks.push(number);
    else judge(device, { first, count }, tags, found);
    first += count;
  }
  return { ...found, lostTagBlocks };
}

/** Compares a run of blocks with their tags, which begin with the first of a tag block. */
function judge(
  device: Blocks,
  run: { readonly first: number; readonly count: number },
  tags: Uint32Array,
  found: { good: number; unknown: number; discarded: number; readonly badBlocks: number[] },
): void {
  for (let done = 0; done < run.count; done += RUN_BLOCKS) {
    const count = Math.min(RUN_BLOCKS, run.count - done);
    const words = device.read(run.first + done, count);
    for (let index = 0; index < count; index++) {
      const guard = tags[TAGS_AT + 2 * (done + index)]!;
      const sequence = tags[TAGS_AT + 2 * (done + index) + 1]!;
      const block = run.first + done + index;
      if (sequence === 0) {
        if (guard === DISCARDED) found.discarded++;
        else found.unknown++;
        continue;
      }
      const image = new Uint8Array(words.buffer, index * BLOCK_BYTES, BLOCK_BYTES);
      if ((crc32cBytes(image) ^ bindingOf(block, sequence)) >>> 0 === guard) found.good++;
      else found.badBlocks.push(block);
    }
  }
}

function nameOf(state: number): string {
  const name = Object.entries(LEG_STATE).find(([, value]) => value === state)?.[0] ?? "unknown";
  return name.toLowerCase();
}

function bitsOf(bitmap: Uint32Array): number {
  let count = 0;
  for (let region = 0; region < 32 * bitmap.length; region++) if (hasBit(bitmap, region)) count++;
  return count;
}

function hasBit(bitmap: Uint32Array, region: number): boolean {
  return ((bitmap[region >>> 5]! >>> (region & 31)) & 1) === 1;
}
