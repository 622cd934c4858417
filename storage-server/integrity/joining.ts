/**
 * Taking back a leg that is out, while the layer serves.
 *
 * @module
 */

import type { Device } from "../device.ts";
import { findLabel, isBlankLeg, wasLegOf } from "./label_search.ts";
import type { Layer } from "./layer.ts";
import { BITMAP_WORDS, isSameLayer, LEG_STATE } from "./layouts/label.ts";
import { attempt } from "./legs.ts";
import { metadataBlocks } from "./layouts/tag_block.ts";
import { addBits, hasBit } from "./regions.ts";

/** Takes back a leg, on another device if given; answers whether it did. Nothing is under way. */
export type Joining = (leg: number, device?: Device) => boolean;

/** What joining needs besides the layer. */
export interface JoiningParts {
  /** One block of a window. */
  readonly meta: Uint8Array;
  /** Whether a blank device may be made a leg. */
  readonly mayFormat: boolean;
}

/** How a layer takes back a leg. */
export function joiningOf(layer: Layer, parts: JoiningParts): Joining {
  return (leg, device = layer.legs.devices[leg]) => {
    const { legs, regions, point } = layer;
    if (device === undefined || legs.states[leg] !== LEG_STATE.OUT) return false;
    const found = lackOf(layer, { leg, device, ...parts });
    if (typeof found === "string") {
      legs.note(`leg ${leg} is not taken back: ${found}`);
      return false;
    }
    addBits(regions.missed, found.missed);
    for (let region = 0; region < regions.count; region++) {
      if (hasBit(regions.missed, region)) regions.unsettleRegion(region, false);
    }
    regions.unstick();
    const errno = legs.join(leg, device, found.slot);
    point("join.labelled");
    return errno === 0 && legs.syncing === leg;
  };
}

/** What a leg lacks besides what is known, and where its next label goes; or why it is none. */
function lackOf(
  layer: Layer,
  { leg, device, meta, mayFormat }: { leg: number; device: Device } & JoiningParts,
): { missed: Uint32Array; slot: number } | string {
  const { legs, body } = layer;
  const { shape } = legs;
  if (device.readOnly) return "it is read-only";
  if (device.blockCount < shape.dataBlocks + metadataBlocks(shape)) return "it is too small";
  const errno = attempt(() => device.flush()); // Its label may be in a cache alone (`legs.ts`, L1).
  if (errno !== 0) return `errno ${errno}`;
  const found = findLabel(device, meta);
  const all = new Uint32Array(BITMAP_WORDS).fill(0xffff_ffff);
  if (found.kind === "absent") return `errno ${found.errno}`;
  if (found.kind === "unlabelled") {
    let isOurs = wasLegOf(found, shape);
    if (!isOurs && mayFormat) attempt(() => isOurs = isBlankLeg(device, shape, body));
    return isOurs ? { missed: all, slot: 0 } : "it is not blank, and bears no label of this layer";
  }
  const { label, slot } = found;
  if (!isSameLayer(label, shape) || label.leg !== leg) return "it is another leg";
  if (label.states[leg ^ 1] === LEG_STATE.OUT) return "it was written while the other was away";
  return { missed: legs.hasFollowed(label.generation) ? label.dirty : all, slot: slot ^ 1 };
}
