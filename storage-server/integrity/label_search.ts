/**
 * Finding out what a device is to a layer: a leg of it, a blank one, or something else.
 *
 * @module
 */

import type { Device } from "../device.ts";
import { BLOCK_WORDS } from "../layouts/superblock.ts";
import { BLOCK_BYTES } from "../protocol.ts";
import {
  decodeLabel,
  isTornFirstLabel,
  type Label,
  LABELS,
  type LayerShape,
  wasLabelOf,
} from "./layouts/label.ts";
import { attempt } from "./legs.ts";
import { metadataBlocks } from "./layouts/tag_block.ts";

/** What was found where the labels of a device should be. */
export type Found =
  | { readonly kind: "labelled"; readonly label: Label; readonly slot: number }
  | { readonly kind: "unlabelled"; readonly blocks: readonly Uint32Array[] }
  | { readonly kind: "absent"; readonly errno: number };

/** What there is in the place of a leg. */
export type Candidate = Found & { readonly device: Device | undefined };

/** Blocks at the start of a device that must be zero for it to be taken for a blank one. */
const HEAD_BLOCKS = 64;

/**
 * Looks for the valid label of the highest generation.
 *
 * @param meta One block of a window.
 */
export function findLabel(device: Device | undefined, meta: Uint8Array): Candidate {
  if (device === undefined) return { kind: "absent", errno: 0, device };
  if (device.blockCount < LABELS) return { kind: "unlabelled", blocks: [], device };
  const words = new Uint32Array(meta.buffer, meta.byteOffset, BLOCK_WORDS);
  const blocks: Uint32Array[] = [];
  let found: { label: Label; slot: number } | undefined;
  let failure = 0;
  for (let slot = 0; slot < LABELS; slot++) {
    const errno = attempt(() => device.read(device.blockCount - LABELS + slot, 1, meta));
    if (errno !== 0) {
      failure = errno;
      continue;
    }
    blocks.push(words.slice());
    const label = decodeLabel(words, slot);
    if (label === undefined || label.dataBlocks + metadataBlocks(label) > device.blockCount) {
      continue;
    }
    if (found === undefined || label.generation > found.label.generation) found = { label, slot };
  }
  if (found !== undefined) return { kind: "labelled", ...found, device };
  if (failure !== 0) return { kind: "absent", errno: failure, device };
  return { kind: "unlabelled", blocks, device };
}

/** Whether a device without a valid label was a leg of this layer. */
export function wasLegOf(found: Candidate, shape: LayerShape): boolean {
  return found.kind === "unlabelled" &&
    found.blocks.some((words) => wasLabelOf(words, shape.layerId));
}

/** Whether all blocks of a device that a layer would use for itself are blank. */
export function isMetadataBlank(
  device: Device,
  shape: Omit<LayerShape, "layerId">,
  scratch: Uint8Array,
): boolean {
  const labels = device.blockCount - LABELS;
  const tagBlocks = metadataBlocks(shape) - LABELS;
  if (!isZero(device, { first: labels - tagBlocks, count: tagBlocks }, scratch)) return false;
  const view = scratch.subarray(0, BLOCK_BYTES);
  const words = new Uint32Array(view.buffer, view.byteOffset, BLOCK_WORDS);
  for (let slot = 0; slot < LABELS; slot++) {
    device.read(labels + slot, 1, view);
    if (!isTornFirstLabel(words, shape, slot)) return false;
  }
  return true;
}

/** Whether a device as a whole may be written over: it starts with zeroes, and has no metadata. */
export function isBlankLeg(device: Device, shape: LayerShape, scratch: Uint8Array): boolean {
  const head = { first: 0, count: Math.min(HEAD_BLOCKS, shape.dataBlocks) };
  return isZero(device, head, scratch) && isMetadataBlank(device, shape, scratch);
}

function isZero(
  device: Device,
  { first, count }: { first: number; count: number },
  scratch: Uint8Array,
): boolean {
  const runMax = Math.floor(scratch.byteLength / BLOCK_BYTES);
  for (let done = 0; done < count; done += runMax) {
    const some = Math.min(runMax, count - done);
    const view = scratch.subarray(0, some * BLOCK_BYTES);
    device.read(first + done, some, view);
    const words = new Uint32Array(view.buffer, view.byteOffset, view.byteLength / 4);
    if (!words.every((word) => word === 0)) return false;
  }
  return true;
}
