/**
 * Which volumes a device has, and which of them a manifest wants.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import {
  isVolumeName,
  VOLUME_BLOCKS_MAX,
  VOLUME_NAME_BYTES,
  type VolumePlace,
  VOLUMES_MAX,
} from "./layouts/superblock.ts";

/** The name of the volume of a device that is formatted without a list of volumes. */
export const VOLUME_NAME_DEFAULT = "volume";

/** The volumes that a manifest lists, by name. */
export type WantedVolumes = Readonly<Record<string, WantedVolume>>;

/** What a manifest says of a volume. */
export interface WantedVolume {
  /** How many blocks it has; left out, what there is or what the others leave. */
  readonly blocks?: number | undefined;
}

/**
 * Divides the blocks of a new device among the volumes that are wanted, in their order.
 *
 * @param wanted The list; one volume of all blocks when there is none.
 * @param areaBlockCount How many blocks there are for volumes.
 * @throws {OsError} `EINVAL` if they do not fit, or if more than one has no size.
 */
export function placeVolumes(
  wanted: WantedVolumes | undefined,
  areaBlockCount: number,
): VolumePlace[] {
  const list = Object.entries(wanted ?? { [VOLUME_NAME_DEFAULT]: {} });
  if (list.length < 1 || list.length > VOLUMES_MAX) {
    throw cannotPlace(`there are ${list.length} volumes, not 1 to ${VOLUMES_MAX}`);
  }
  let left = areaBlockCount;
  for (const [, { blocks }] of list) left -= blocks ?? 0;
  const unsized = list.filter(([, { blocks }]) => blocks === undefined);
  if (unsized.length > 1) {
    throw cannotPlace(`only one volume can take what the others leave, not ${namesOf(unsized)}`);
  }
  if (left < unsized.length) {
    throw cannotPlace(`the device has ${areaBlockCount} blocks for volumes, ${-left} too few`);
  }
  let first = 0;
  return list.map(([name, { blocks }]) => {
    const blockCount = blocks ?? left;
    checkVolume(name, blockCount);
    const place = { name, first, blockCount };
    first += blockCount;
    return place;
  });
}

/**
 * Finds the volumes that are wanted on a device, in the order in which they are wanted.
 *
 * @param wanted The list; without one the device must have a single volume.
 * @param found What the device has.
 * @throws {OsError} `ENOENT` if one is not there, `EINVAL` if it has another size.
 */
export function findVolumes(
  wanted: WantedVolumes | undefined,
  found: readonly VolumePlace[],
): VolumePlace[] {
  const names = found.map(({ name }) => name).join(", ");
  if (wanted === undefined) {
    if (found.length === 1) return [...found];
    throw new OsError(
      "ENOENT",
      `choose a volume: the manifest lists none, the device has ${names}`,
    );
  }
  return Object.entries(wanted).map(([name, { blocks }]) => {
    const place = found.find((volume) => volume.name === name);
    if (place === undefined) {
      throw new OsError("ENOENT", `find the volume ${name}: the device has ${names}`);
    }
    if (blocks !== undefined && blocks !== place.blockCount) {
      throw new OsError(
        "EINVAL",
        `open the volume ${name} of ${blocks} blocks: it has ${place.blockCount}`,
      );
    }
    return place;
  });
}

function checkVolume(name: string, blockCount: number): void {
  if (!isVolumeName(name)) {
    throw cannotPlace(`${name} is no name of 1 to ${VOLUME_NAME_BYTES} bytes`);
  }
  const right = Number.isInteger(blockCount) && blockCount >= 1 && blockCount <= VOLUME_BLOCKS_MAX;
  if (!right) throw cannotPlace(`${name} cannot have ${blockCount} blocks`);
}

function cannotPlace(why: string): OsError {
  return new OsError("EINVAL", `place the volumes: ${why}`);
}

function namesOf(list: readonly (readonly [string, WantedVolume])[]): string {
  return list.map(([name]) => name).join(" and ");
}
