/**
 * Opening an integrity layer on its legs, or making one.
 *
 * Nothing is written to a leg before the labels of all legs were judged (`standing.ts`). Then one
 * label says on every leg that gets writes how they stand; dying before it is there only means doing
 * it again. Making one writes all of its metadata, so that tags never meet a full host disk.
 *
 * @module
 */

import { assert, errnoName, OsError } from "@hako/ipc";
import type { Device, Point } from "../device.ts";
import { BLOCK_BYTES } from "../protocol.ts";
import type { IntegrityDeathPoint } from "./death_points.ts";
import { IntegrityDevice } from "./integrity_device.ts";
import { joiningOf } from "./joining.ts";
import { type Candidate, findLabel, isBlankLeg, isMetadataBlank } from "./label_search.ts";
import type { Layer } from "./layer.ts";
import {
  BITMAP_WORDS,
  LAYER_ID_WORDS,
  type LayerShape,
  LEG_STATE,
  type LegState,
  REGIONS_MAX,
} from "./layouts/label.ts";
import { dataBlocksFor, metadataBlocks, regionBlocksFor } from "./layouts/tag_block.ts";
import { Legs, metadataAt } from "./legs.ts";
import { hasBit, Regions } from "./regions.ts";
import { type Standing, standingOf } from "./standing.ts";
import { Tags } from "./tags.ts";
import { Witness } from "./witness.ts";

/** Fewest blocks of the scratch window: one for labels, one for tags, one for each leg. */
export const SCRATCH_BLOCKS_MIN = 4;

/** What opening an integrity layer needs. */
export interface OpenIntegrityParts {
  /** One or two devices, in any order; `undefined` where one cannot be had now. */
  readonly legs: readonly (Device | undefined)[];
  /** Whether each block has a tag. A layer is made with tags or without, for ever. */
  readonly tags: boolean;
  /** A window of this server's own; what exceeds {@linkcode SCRATCH_BLOCKS_MIN} makes it faster. */
  readonly scratch: Uint8Array;
  /** Whether blank devices are made a layer, or a leg of one. */
  readonly format: "if-blank" | "never";
  /** 16 random bytes, for making one. */
  readonly deviceId: Uint32Array;
  /** Where a fault plan may end this incarnation. */
  readonly point: Point<IntegrityDeathPoint>;
  /** Milliseconds on any clock that does not go back. */
  readonly now: () => number;
  /** Blocks that scrubbing reads in a second; 0 for none. */
  readonly scrubBlocksPerSecond: number;
  /** Four bytes that outlive this incarnation, zero after a boot: a keep (`witness.ts`). */
  readonly witness?: Uint8Array | undefined;
  /** Whether one leg may be taken for current though the other, absent, might be newer. */
  readonly absent?: "refuse" | "accept" | undefined;
  /** Most tag blocks in memory, of 4 KiB for 2 MiB of the layer each. */
  readonly tagBlocksMax?: number | undefined;
  /** Blocks of a region, when a layer is made. */
  readonly regionBlocks?: number | undefined;
}

/** Tag blocks in memory by default: 4 MiB, for 2 GiB of the layer. */
export const TAG_BLOCKS_MAX = 1024;

/**
 * Opens the layer on these legs.
 *
 * @throws {OsError} `EUCLEAN` if they bear none, or none that is known to be current; `EINVAL` if it
 * is of another kind than asked for, or the devices are too small; else what a device said.
 */
export function openIntegrity(parts: OpenIntegrityParts): IntegrityDevice {
  const { legs, scratch, point } = parts;
  assert(legs.length === 1 || legs.length === 2, "a layer has one or two legs");
  assert(scratch.byteLength >= SCRATCH_BLOCKS_MIN * BLOCK_BYTES, "the scratch window is as asked");
  assert((scratch.byteOffset & 3) === 0, "the scratch window is aligned to words");
  const candidates = legs.map((device) => findLabel(device, blockOf(scratch, 0)));
  point("open.read");
  const isLabelled = candidates.some(({ kind }) => kind === "labelled");
  if (!isLabelled) return make(parts, candidates);
  const standing = standingOf(candidates, {
    witness: ({ layerId }) => new Witness(parts.witness, layerId),
    absent: parts.absent ?? "refuse",
    mayBeMade: (candidate, label) => mayBeMade(parts, candidate, label),
  });
  if (standing.newest.isTagged !== parts.tags) {
    const found = standing.newest.isTagged ? "with" : "without";
    throw new OsError("EINVAL", `open the integrity layer: it was made ${found} tags`);
  }
  return start(parts, candidates, standing);
}

function mayBeMade(parts: OpenIntegrityParts, { device }: Candidate, shape: LayerShape): boolean {
  if (parts.format === "never" || device === undefined) return false;
  return device.blockCount >= shape.dataBlocks + metadataBlocks(shape) &&
    isBlankLeg(device, shape, parts.scratch);
}

function start(
  parts: OpenIntegrityParts,
  candidates: readonly Candidate[],
  standing: Standing,
): IntegrityDevice {
  const { newest, places, states } = standing;
  const slots: number[] = [];
  const devices = places.map((place, leg) => {
    const candidate = candidates[place];
    slots[leg] = candidate?.kind === "labelled" ? candidate.slot ^ 1 : 0;
    return candidate?.device;
  });
  devices.forEach((device, leg) => {
    const isNeeded = device !== undefined && states[leg] !== LEG_STATE.OUT;
    if (isNeeded && device.blockCount < newest.dataBlocks + metadataBlocks(newest)) {
      throw new OsError("EINVAL", `open the integrity layer: leg ${leg} is too small`);
    }
  });
  const regions = new Regions(newest.dataBlocks, newest.regionBlocks);
  for (let region = 0; region < regions.count; region++) doubt(regions, standing, region);
  const generation = generationFor(standing, candidates, slots);
  const since = states.includes(LEG_STATE.SYNCING) ? generation + 1 : standing.since;
  const device = build(parts, newest, regions, { devices, states, slots, generation, since });
  parts.point("open.labelled");
  return device;
}

/**
 * The generation to go on from. If a predecessor died between the labels of two legs, the same
 * generation is written again, in the same place (`legs.ts`, L1).
 */
function generationFor(
  { newest, places, states }: Standing,
  candidates: readonly Candidate[],
  slots: number[],
): number {
  if (states.includes(LEG_STATE.OUT)) return newest.generation + 1; // That one may be one ahead.
  const first = states[1] === LEG_STATE.SYNCING ? 1 : 0;
  const other = candidates[places[first ^ 1] ?? -1];
  const isHalf = newest.leg === first && other?.kind === "labelled" &&
    other.label.generation < newest.generation;
  if (isHalf) slots[first]! ^= 1;
  return isHalf ? newest.generation - 1 : newest.generation;
}

/** What is known of a region when the layer is opened. */
function doubt(regions: Regions, standing: Standing, region: number): void {
  const { states, newest } = standing;
  const isDirty = hasBit(standing.dirty, region);
  const isMissed = hasBit(standing.missed, region);
  if (isDirty) regions.dirty[region >> 5]! |= 1 << (region & 31);
  if (isMissed) regions.missed[region >> 5]! |= 1 << (region & 31);
  const isMirrored = states.every((state) => state === LEG_STATE.IN) && states.length === 2;
  const isCopied = isMirrored ? isDirty : isMissed && states.includes(LEG_STATE.SYNCING);
  if (isCopied || isDirty && newest.isTagged) regions.unsettleRegion(region, isDirty);
}

/** What differs from one way of opening to the other. */
interface LegsFound {
  readonly devices: (Device | undefined)[];
  readonly states: LegState[];
  readonly slots: number[];
  readonly generation: number;
  readonly since: number;
}

function build(
  parts: OpenIntegrityParts,
  shape: LayerShape,
  regions: Regions,
  found: LegsFound,
): IntegrityDevice {
  const { scratch, point, format } = parts;
  const isReadOnly = found.devices.every((device, leg) =>
    device === undefined || found.states[leg] === LEG_STATE.OUT || device.readOnly
  );
  const witness = new Witness(parts.witness, shape.layerId);
  const { layerId, dataBlocks, regionBlocks, isTagged } = shape;
  const legs = new Legs({
    shape: { layerId, dataBlocks, regionBlocks, isTagged },
    ...found,
    regions,
    meta: blockOf(scratch, 0),
    witness,
    point,
  });
  const tags = !isTagged ? undefined : new Tags({
    legs,
    regions,
    meta: blockOf(scratch, 1),
    cacheBlocks: parts.tagBlocksMax ?? TAG_BLOCKS_MAX,
    isReadOnly,
    point,
  });
  const bodyEnd = scratch.byteLength - scratch.byteLength % BLOCK_BYTES;
  const body = scratch.subarray(2 * BLOCK_BYTES, bodyEnd);
  const bodyWords = new Uint32Array(body.buffer, body.byteOffset, body.byteLength / 4);
  const tally = { healed: 0, rotten: new Set<number>(), different: 0, adopted: 0, copied: 0 };
  const layer: Layer = { legs, regions, tags, body, bodyWords, isReadOnly, tally, point };
  if (!isReadOnly) {
    throwIf(legs.flush()); // What was read may be a dead predecessor's, and in a cache alone (L1).
    throwIf(legs.writeLabels());
  }
  const joining = joiningOf(layer, { meta: blockOf(scratch, 0), mayFormat: format !== "never" });
  return new IntegrityDevice({ ...parts, layer, joining });
}

/** Makes a layer of devices without a label. What leg 0 holds becomes what the layer holds. */
function make(parts: OpenIntegrityParts, candidates: readonly Candidate[]): IntegrityDevice {
  const devices = candidates.map(({ device }) => device);
  if (parts.format === "never" || candidates.some(({ kind }) => kind !== "unlabelled")) {
    throw new OsError(
      "EUCLEAN",
      "open the integrity layer: no device bears a valid label; " +
        'the option format: "if-blank" makes a layer when every leg is there',
    );
  }
  const legBlocks = Math.min(...devices.map((device) => device!.blockCount));
  const regionBlocks = parts.regionBlocks ?? regionBlocksFor(legBlocks);
  const dataBlocks = dataBlocksFor(legBlocks, regionBlocks, parts.tags);
  if (dataBlocks < 1 || Math.ceil(dataBlocks / regionBlocks) > REGIONS_MAX) {
    throw new OsError("EINVAL", `make an integrity layer on legs of ${legBlocks} blocks`);
  }
  const layerId = parts.deviceId.slice(0, LAYER_ID_WORDS);
  const shape: LayerShape = { layerId, dataBlocks, regionBlocks, isTagged: parts.tags };
  devices.forEach((device, leg) => {
    const isBlank = leg === 0
      ? isMetadataBlank(device!, shape, parts.scratch)
      : isBlankLeg(device!, shape, parts.scratch);
    if (!isBlank) throw notBlank(leg, metadataBlocks(shape));
  });
  for (const device of devices) clear(device!, shape, parts.scratch);
  parts.point("format.cleared");
  const isPair = devices.length === 2;
  const states: LegState[] = isPair ? [LEG_STATE.IN, LEG_STATE.SYNCING] : [LEG_STATE.IN];
  const regions = new Regions(dataBlocks, regionBlocks);
  if (isPair) {
    regions.missed.set(new Uint32Array(BITMAP_WORDS).fill(0xffff_ffff));
    for (let region = 0; region < regions.count; region++) regions.unsettleRegion(region, false);
  }
  const slots = devices.map(() => 0);
  const device = build(parts, shape, regions, { devices, states, slots, generation: 0, since: 1 });
  parts.point("format.labelled");
  return device;
}

/** Writes zeroes to all blocks that the layer uses for itself. */
function clear(device: Device, shape: LayerShape, scratch: Uint8Array): void {
  const runMax = Math.floor(scratch.byteLength / BLOCK_BYTES);
  for (let first = metadataAt(device, shape); first < device.blockCount; first += runMax) {
    const count = Math.min(runMax, device.blockCount - first);
    const view = scratch.subarray(0, count * BLOCK_BYTES);
    view.fill(0);
    device.write(first, count, view);
  }
  device.flush();
}

function blockOf(scratch: Uint8Array, index: number): Uint8Array {
  return scratch.subarray(index * BLOCK_BYTES, (index + 1) * BLOCK_BYTES);
}

function throwIf(errno: number): void {
  if (errno !== 0) throw new OsError(errnoName(errno) ?? "EIO", "label the integrity layer");
}

function notBlank(leg: number, blocks: number): OsError {
  return new OsError(
    "EUCLEAN",
    leg === 0
      ? `make an integrity layer: the last ${blocks} blocks of leg 0 are not blank`
      : `make an integrity layer: leg ${leg} is not blank`,
  );
}
