/**
 * The code under test: what ships, or a variant of it.
 *
 * @module
 */

import type { Device } from "../../storage-server/device.ts";
import type { IntegrityDeathPoint } from "../../storage-server/integrity/death_points.ts";
import type { IntegrityDevice } from "../../storage-server/integrity/integrity_device.ts";
import { openIntegrity } from "../../storage-server/integrity/open.ts";
import { WITNESS_BYTES } from "../../storage-server/integrity/witness.ts";
import { TAIL_WITNESS_OFFSET } from "../../storage-server/layouts/tail.ts";
import { openJournal } from "../../storage-server/recover.ts";
import { shareScratch } from "../../storage-server/scratch.ts";
import { Upkeep } from "../../storage-server/upkeep.ts";
import { Volumes } from "../../storage-server/volumes.ts";
import type { WorldPlan } from "./plan.ts";

/** The parts of a storage server that a world needs. */
export interface StorageCode {
  /** Opens an integrity layer. */
  readonly openIntegrity: typeof openIntegrity;
  /** Opens the volumes of a device. */
  readonly openJournal: typeof openJournal;
  /** Serves them. */
  readonly Volumes: typeof Volumes;
  /** Looks after them. */
  readonly Upkeep: typeof Upkeep;
}

/** What ships. */
export const SHIPPED: StorageCode = { openIntegrity, openJournal, Volumes, Upkeep };

/** What an incarnation starts with. */
export interface Start {
  /** The disks. */
  readonly devices: readonly Device[];
  /** The scratch window. */
  readonly scratch: Uint8Array;
  /** The keep of the journal's tail. */
  readonly keep: Uint8Array;
  /** The number of the incarnation. */
  readonly epoch: number;
  /** The world. */
  readonly plan: WorldPlan;
  /** The clock. */
  readonly nowMs: () => number;
  /** Where it may die. */
  readonly point: (name: string) => void;
}

/** A storage server that is open. */
export interface OpenServer {
  /** Its volumes. */
  readonly volumes: Volumes;
  /** What goes on between requests. */
  readonly upkeep: Upkeep;
  /** The integrity layer, if there is one. */
  readonly layer: IntegrityDevice | undefined;
  /** What was damaged, and how it was found. */
  readonly recovery: ReturnType<typeof openJournal>["recovery"];
}

/** Starts a storage server as its `main.ts` does. */
export function openServer(code: StorageCode, start: Start): OpenServer {
  const { devices, keep, epoch, plan, point, nowMs } = start;
  const hasLayer = plan.layers !== "disk";
  const scratch = shareScratch(start.scratch, hasLayer);
  const deviceId = Uint32Array.of(plan.seed + 1, 2, 3, 4);
  const layer: IntegrityDevice | undefined = !hasLayer ? undefined : code.openIntegrity({
    legs: devices,
    tags: plan.layers !== "mirror",
    scratch: scratch.layer,
    format: "if-blank",
    deviceId,
    point: (name: IntegrityDeathPoint) => point(`integrity.${name}`),
    now: nowMs,
    scrubBlocksPerSecond: plan.scrubBlocksPerSecond,
    witness: keep.subarray(TAIL_WITNESS_OFFSET, TAIL_WITNESS_OFFSET + WITNESS_BYTES),
    absent: "accept", // In these worlds it is always the same leg that is lost.
    regionBlocks: plan.regionBlocks,
  });
  const opened = code.openJournal({
    device: layer ?? devices[0]!,
    scratch: scratch.journal,
    keep,
    epoch,
    format: "if-blank",
    ringLength: plan.ringLength,
    wanted: Object.fromEntries(
      plan.volumeBlocks.map((blocks, index) => [`volume-${index}`, { blocks }]),
    ),
    deviceId,
    point,
  });
  const volumes = new code.Volumes(opened, { atomicWrites: plan.atomicWrites, point });
  const upkeep = new code.Upkeep({ volumes, layer, nowMs, report: () => {} });
  return { volumes, upkeep, layer, recovery: opened.recovery };
}
