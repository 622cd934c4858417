/**
 * The storage server's options, checked.
 *
 * @module
 */

import type { AtomicWrites } from "./block_view.ts";
import type { WantedVolume, WantedVolumes } from "./volume_table.ts";

/** What a manifest may say to the storage server. */
export interface StorageOptions {
  /** The endpoints of the block drivers: one, or the two legs of a mirror. */
  readonly devices: readonly string[];
  /** Whether each block has a tag that tells whether it is what was written. */
  readonly tags: boolean;
  /** Whether one leg of a mirror may serve though the other, which is gone, might be newer. */
  readonly absentLeg: "refuse" | "accept";
  /** Blocks that are looked at each second when there is nothing else to do; 0 for none. */
  readonly scrubBlocksPerSecond: number;
  /** Whether a device whose tail is blank is formatted. */
  readonly format: "if-blank" | "never";
  /** Blocks of the journal when the device is formatted; a 32nd of the device by default. */
  readonly journalBlocks: number | undefined;
  /** The volumes; without a list the device has one, which the only endpoint serves. */
  readonly volumes: WantedVolumes | undefined;
  /** Who makes sure that a block is written whole. */
  readonly atomicWrites: AtomicWrites;
}

/** Options as a manifest has them. */
export type ManifestOptions = Readonly<Record<string, unknown>>;

/**
 * Reads the options of a manifest.
 *
 * @throws {TypeError} If one is of no use; a manifest is written by a person, who is told.
 */
export function readOptions(options: ManifestOptions): StorageOptions {
  const { device = "disk", format = "never", atomicWrites = "device", tags = false } = options;
  const { scrubBlocksPerSecond = 0, journalBlocks, absentLeg = "refuse" } = options;
  if (format !== "if-blank" && format !== "never") {
    throw cannotStart(`format is ${String(format)}, not "if-blank" or "never"`);
  }
  if (atomicWrites !== "device" && atomicWrites !== "journal") {
    throw cannotStart(`atomicWrites is ${String(atomicWrites)}, not "device" or "journal"`);
  }
  if (absentLeg !== "refuse" && absentLeg !== "accept") {
    throw cannotStart(`absentLeg is ${String(absentLeg)}, not "refuse" or "accept"`);
  }
  if (typeof tags !== "boolean") throw cannotStart(`tags is ${String(tags)}, not true or false`);
  if (!isCount(scrubBlocksPerSecond)) {
    throw cannotStart(`scrubBlocksPerSecond is ${String(scrubBlocksPerSecond)}, no count`);
  }
  if (journalBlocks !== undefined && !isCount(journalBlocks)) {
    throw cannotStart(`journalBlocks is ${String(journalBlocks)}, no count`);
  }
  const devices = readDevices(device);
  const volumes = readVolumes(options["volumes"]);
  const integrity = { tags, scrubBlocksPerSecond };
  return { devices, ...integrity, absentLeg, format, journalBlocks, volumes, atomicWrites };
}

function readDevices(device: unknown): readonly string[] {
  const devices: unknown[] = Array.isArray(device) ? device : [device];
  if (devices.every((name) => typeof name === "string")) {
    if (devices.length === 1) return devices;
    if (devices.length === 2 && devices[0] !== devices[1]) return devices;
  }
  throw cannotStart(`device is ${String(device)}, not a name or two`);
}

function readVolumes(volumes: unknown): WantedVolumes | undefined {
  if (volumes === undefined) return undefined;
  if (!isRecord(volumes)) throw cannotStart(`volumes is ${String(volumes)}, no list by name`);
  const wanted: [string, WantedVolume][] = Object.entries(volumes).map(([name, volume]) => {
    if (!isRecord(volume)) throw cannotStart(`volumes.${name} is ${String(volume)}, no object`);
    const { blocks } = volume;
    if (blocks !== undefined && !isCount(blocks)) {
      throw cannotStart(`volumes.${name}.blocks is ${String(blocks)}, no count`);
    }
    return [name, { blocks }];
  });
  if (wanted.length === 0) throw cannotStart("volumes lists none");
  return Object.fromEntries(wanted);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function cannotStart(why: string): TypeError {
  return new TypeError(`Cannot start the storage server: ${why}`);
}
