/**
 * The storage server's domain: recovers the volumes on a device, or on a mirror of two, and serves
 * each at an endpoint of its name.
 *
 * Options: see {@linkcode StorageOptions}. Keep: `journalTail`. Window: `scratch`.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import { Block } from "@hako/drivers/block";
import { enter } from "@hako/kernel/domain";
import { BlockDevice } from "./block_device.ts";
import type { DeathPoint } from "./death_points.ts";
import type { Device } from "./device.ts";
import { INTEGRITY_DEATH_POINTS, type IntegrityDeathPoint } from "./integrity/death_points.ts";
import type { IntegrityDevice } from "./integrity/integrity_device.ts";
import { openIntegrity } from "./integrity/open.ts";
import { WITNESS_BYTES } from "./integrity/witness.ts";
import { TAIL_WITNESS_OFFSET } from "./layouts/tail.ts";
import { readOptions } from "./options.ts";
import { openJournal } from "./recover.ts";
import { shareScratch } from "./scratch.ts";
import { steadyClock, Upkeep } from "./upkeep.ts";
import { Volume } from "./protocol.ts";
import type { StoredVolume } from "./volume.ts";
import { Volumes } from "./volumes.ts";

const domain = await enter();
const options = readOptions(domain.options);
const hasLayer = options.tags || options.devices.length > 1;
const scratch = shareScratch(domain.window("scratch"), hasLayer);
const clock = steadyClock(() => domain.nowMs());
const integrityPoints = Object.fromEntries(
  INTEGRITY_DEATH_POINTS.map((name) => [name, `integrity.${name}`]),
);

function point(name: DeathPoint): void {
  domain.point(name);
}

/** A driver's device; `undefined` for a leg of a mirror whose driver cannot be had. */
function leg(endpoint: string): Device | undefined {
  try {
    return new BlockDevice(domain.connect(Block, endpoint));
  } catch (error) {
    if (!(error instanceof OsError) || options.devices.length === 1) throw error;
    domain.report({ absent: endpoint, error: error.message });
    return undefined;
  }
}

function openLayer(legs: readonly (Device | undefined)[]): IntegrityDevice {
  const { tags, format, scrubBlocksPerSecond, absentLeg } = options;
  const tail = domain.keep("journalTail");
  return openIntegrity({
    legs,
    tags,
    scratch: scratch.layer,
    format,
    deviceId: crypto.getRandomValues(new Uint32Array(4)),
    point: (name: IntegrityDeathPoint) => domain.point(integrityPoints[name]!),
    now: clock,
    scrubBlocksPerSecond,
    witness: tail.subarray(TAIL_WITNESS_OFFSET, TAIL_WITNESS_OFFSET + WITNESS_BYTES),
    absent: absentLeg,
  });
}

function open(): { readonly volumes: Volumes; readonly layer: IntegrityDevice | undefined } {
  try {
    const legs = options.devices.map(leg);
    const layer = hasLayer ? openLayer(legs) : undefined;
    const opened = openJournal({
      device: layer ?? legs[0]!,
      scratch: scratch.journal,
      keep: domain.keep("journalTail"),
      epoch: domain.epoch,
      format: options.format,
      ringLength: options.journalBlocks,
      wanted: options.volumes,
      deviceId: crypto.getRandomValues(new Uint32Array(4)),
      point,
    });
    domain.report(opened.recovery);
    return { volumes: new Volumes(opened, { atomicWrites: options.atomicWrites, point }), layer };
  } catch (error) {
    if (error instanceof OsError) domain.fail(error.code, error.message);
    throw error;
  }
}

function serve(volume: StoredVolume, endpoint: string | undefined): void {
  domain.serve(Volume, {
    stat: () => volume.stat(),
    read: (request, context) => volume.read(request, context),
    write: (request, context) => volume.write(request, context),
    flush: () => volume.flush(),
    transact: (request, context) => volume.transact(request, context),
    lastTag: (_, context) => volume.lastTag(context.badge),
    zero: (request) => volume.zero(request),
    trim: (request) => volume.trim(request),
    readVector: (request) => volume.readVector(request),
    writeVector: (request) => volume.writeVector(request),
    extent: (request) => volume.extent(request),
  }, endpoint);
}

const { volumes, layer } = open();

for (const [name, volume] of volumes.byName) {
  serve(volume, options.volumes === undefined ? undefined : name);
}

domain.background(
  new Upkeep({
    volumes,
    layer,
    nowMs: clock,
    report: (integrity) => domain.report({ integrity }),
  }),
);

domain.onHalt(() => {
  try {
    volumes.halt();
    layer?.halt();
  } catch (error) {
    if (!(error instanceof OsError)) throw error;
    domain.report({ unsettled: error.message }); // The next boot recovers instead.
  }
});
