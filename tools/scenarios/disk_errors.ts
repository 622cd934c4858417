/**
 * `disk-errors`: a disk fails in every way that disks have. Half of a mirror, it is not missed; alone,
 * its clients are told.
 *
 * ```text
 *   worker-1, worker-2 ──▶ fs ──▶ storage, tags ──┬─▶ left  ✗
 *                                                 └─▶ right
 *   keeper ────────────▶ lone-storage, tags ────────▶ lone  ✗
 * ```
 *
 * @module
 */

import type { DiskFaultRule } from "../../drivers/block/faulty/fault_plan.ts";
import { Block } from "@hako/drivers/block";
import { defineSystem, type DomainManifest, type System, type SystemManifest } from "@hako/kernel";
import { BLOCK_BYTES, Volume } from "@hako/storage-server";
import { openIntegrity } from "../../storage-server/integrity/open.ts";
import type { IntegrityReport } from "../../storage-server/integrity/report.ts";
import { SimulatedDevice } from "../../storage-server/simulated_device.ts";
import { diskOnImage } from "../systems/disk_on_image.ts";
import { filesOnImage } from "../systems/files_on_image.ts";
import type { BlockKeeperOptions, BlockKeeperResult } from "./domains/block_keeper.ts";
import type { FileWorkerResult } from "./domains/file_worker.ts";
import { filesAsLeft, filesUntilOver, fileWorkers } from "./files_at_work.ts";
import { checkedByE2fsck } from "./foreign_tools.ts";
import {
  type Check,
  check,
  type Figure,
  type Played,
  type Scenario,
  type ScenarioContext,
  type Stage,
} from "./scenario.ts";

const MiB = 1024 * 1024;
const IMAGE_BYTES = 40 * MiB;
const LONE_BYTES = 20 * MiB;
const KEEP_BYTES = 16 * MiB;
const SCRATCH_BYTES = 4 * MiB;
const PLAN_BYTES = 4_096;

const CLIENTS = 2;

/** How often a server may die: that is not what is tried. */
const LENIENT = { limit: 1_000, windowMs: 1_000 };

/** The clients' model is in their memory. */
const ONCE = { limit: 0, windowMs: 1_000 };

/** The first blocks of a volume, where its clients work: there the disks fail. */
const BROKEN = { first: 0, count: 4_096 };

/**
 * What is wrong with a disk: it cannot read a block, turns a bit, reads or writes elsewhere, says that
 * it has written what it has not, takes its time. Its flushes work: one that fails ends all writing,
 * and that is another story.
 */
const ERRORS = [
  { kind: "error", operations: ["read"], probability: 0.02, blocks: BROKEN },
  { kind: "short", operations: ["read"], probability: 0.02, blocks: BROKEN },
  { kind: "rot", probability: 0.05, blocks: BROKEN },
  { kind: "misdirected", operations: ["read"], probability: 0.02, blocks: BROKEN },
  { kind: "misdirected", operations: ["write"], probability: 0.02, blocks: BROKEN },
  { kind: "stale", operations: ["write"], probability: 0.03, blocks: BROKEN },
  { kind: "slow", probability: 0.05, delayMs: 3 },
] as const satisfies readonly DiskFaultRule[];

/**
 * One half of a mirror fails to write, too, for longer than a transfer is tried: it is left out until
 * it is tried again.
 */
const WRITE_ERROR = {
  kind: "error",
  operations: ["write"],
  blocks: BROKEN,
  times: 64,
} as const satisfies DiskFaultRule;

/** What came of the work. */
interface Spoilt {
  readonly files: readonly FileWorkerResult[];
  readonly keeper: BlockKeeperResult;
}

/** Disks that fail. */
export const diskErrors: Scenario<Spoilt> = {
  name: "disk-errors",
  story: "disks fail, forget, rot and lie: half of a mirror, and one alone",
  durationMs: 7_000,
  // Not the storage servers: what a disk says that it has written, and has not, is known by tags, and
  // those of the last second die with the server.
  faults: ["fs:terminate@every=2s,times=2", "left:terminate@at=1s", "right:terminate@at=3s"],
  mayFailWith: ["EIO"],
  manifest,
  workload: work,
  checks: judge,
  figures,
};

/** The image of the mirror's other half. */
function rightImage({ temporaryDirectory }: ScenarioContext): string {
  return `${temporaryDirectory}/right.img`;
}

function manifest(context: ScenarioContext): SystemManifest {
  const { image, seed, stop, temporaryDirectory } = context;
  const { storage, fs } = filesOnImage({ path: image, restart: LENIENT });
  const lone = `${temporaryDirectory}/lone.img`;
  makeLayer([image, rightImage(context)], IMAGE_BYTES);
  makeLayer([lone], LONE_BYTES);
  return defineSystem({
    base: import.meta.url,
    domains: {
      left: disk(image, "left-medium"),
      "left-errors": errors("left", seed, [...ERRORS, WRITE_ERROR]),
      right: disk(rightImage(context), "right-disk"),
      storage: {
        ...storage,
        uses: ["left-disk", "right-disk"],
        options: { format: "if-blank", device: ["left-disk", "right-disk"], tags: true },
      },
      fs,
      ...fileWorkers(context, CLIENTS),
      lone: disk(lone, "lone-medium"),
      "lone-errors": errors("lone", seed + 1, ERRORS),
      "lone-storage": {
        kind: "server",
        module: import.meta.resolve("@hako/storage-server/server"),
        serves: { "lone-volume": Volume },
        uses: ["lone-disk"],
        keeps: { journalTail: KEEP_BYTES },
        windows: { scratch: SCRATCH_BYTES },
        options: { format: "if-blank", device: "lone-disk", tags: true },
        restart: LENIENT,
      },
      keeper: {
        kind: "app",
        module: "./domains/block_keeper.ts",
        uses: ["lone-volume"],
        windows: { blocks: 64 * 1024 },
        options: { seed, stop, volume: "lone-volume" } satisfies BlockKeeperOptions,
        restart: ONCE,
      },
    },
  });
}

/** A disk that serves an endpoint of this name. */
function disk(path: string, endpoint: string): DomainManifest {
  return { ...diskOnImage(path, undefined), serves: { [endpoint]: Block }, restart: LENIENT };
}

/** What stands between a disk and whoever uses it. */
function errors(name: string, seed: number, faults: readonly DiskFaultRule[]): DomainManifest {
  return {
    kind: "driver",
    module: import.meta.resolve("@hako/drivers/block/faulty"),
    serves: { [`${name}-disk`]: Block },
    uses: [`${name}-medium`],
    keeps: { plan: PLAN_BYTES },
    windows: { scratch: MiB },
    options: { device: `${name}-medium`, seed, faults },
    restart: LENIENT,
  };
}

async function work(system: System, stage: Stage): Promise<Spoilt> {
  const files = filesUntilOver(system, stage, CLIENTS);
  const keeper = stage.finished<BlockKeeperResult>(system, "keeper");
  const end = () => stage.end();
  void Promise.race([files, keeper]).then(end, end);
  return { files: await files, keeper: await keeper };
}

async function judge({ context, work }: Played<Spoilt>): Promise<Check[]> {
  const { files, keeper } = work;
  const isSpared = files.every(({ failure }) => failure === "");
  const codes = Object.entries(keeper.refused).map(([code, count]) => `${count} x ${code}`);
  const report = lookAtMirror(context);
  return [
    check(
      "whoever uses the mirror sees no error",
      isSpared,
      isSpared ? "none" : files.map(({ failure }) => failure).join("; "),
    ),
    filesAsLeft(files),
    check(
      "whoever uses the disk alone never reads anything wrong",
      keeper.failure === "" && keeper.right > 0,
      keeper.failure || `${keeper.right} blocks were right`,
    ),
    check(
      "but is told that it fails",
      (keeper.refused["EIO"] ?? 0) > 0,
      codes.join(", ") || "was told nothing",
    ),
    ...mirrorIsWhole(report),
    await soundImage("of the other half", rightImage(context)),
    await soundImage("of the healed half", healedImage(context)),
  ];
}

async function soundImage(which: string, path: string): Promise<Check> {
  const judged = await checkedByE2fsck(path);
  return { ...judged, what: `${judged.what}: the image ${which}` };
}

/** Turns of a layer until it has looked through its disks, at most. */
const TURNS_MAX = 100_000;

/** Milliseconds that pass with each turn: nobody waits for them. */
const TURN_MS = 1_000;

/** The storage server's own layer over whole images in memory, where nothing fails. */
function layerOn(images: readonly Uint8Array[], format: "if-blank" | "never"): IntegrityReport {
  const legs = images.map((bytes) => new SimulatedDevice(bytes));
  for (const leg of legs) leg.records = false;
  let nowMs = 0;
  const layer = openIntegrity({
    ...{ legs, format, tags: true, now: () => nowMs, point: () => {} },
    scratch: new Uint8Array(256 * 1024),
    deviceId: crypto.getRandomValues(new Uint32Array(4)),
    scrubBlocksPerSecond: IMAGE_BYTES / BLOCK_BYTES,
  });
  for (let turn = 0; turn < TURNS_MAX; turn++) {
    const { legs, scrub, unsettledBlocks } = layer.report();
    if (scrub.passes > 0 && unsettledBlocks === 0 && legs.every((state) => state === "in")) break;
    legs.forEach((state, leg) => state === "out" && layer.tryLegAgain(leg));
    nowMs += TURN_MS;
    layer.turn();
  }
  layer.halt();
  return layer.report();
}

/** Makes disks that have tags from the beginning: before there are any, errors are nobody's to find. */
function makeLayer(paths: readonly string[], byteLength: number): void {
  const images = paths.map(() => new Uint8Array(byteLength));
  layerOn(images, "if-blank");
  for (const [index, path] of paths.entries()) Deno.writeFileSync(path, images[index]!);
}

/** Looks through both halves, and heals the failing one: in a copy of it. */
function lookAtMirror(context: ScenarioContext): IntegrityReport {
  const images = [context.image, rightImage(context)].map((path) => Deno.readFileSync(path));
  const report = layerOn(images, "never");
  Deno.writeFileSync(healedImage(context), images[0]!);
  return report;
}

/** The half that failed, after it was healed. */
function healedImage({ temporaryDirectory }: ScenarioContext): string {
  return `${temporaryDirectory}/healed.img`;
}

function mirrorIsWhole({ legs, healed, copied, rotten }: IntegrityReport): Check[] {
  return [
    check(
      "the failing half has lost what the other still has",
      healed + copied > 0,
      `${healed} blocks were wrong, ${copied} were missed`,
    ),
    check(
      "nothing is lost on both, and the failing half can be healed",
      rotten.length === 0 && legs.every((state) => state === "in"),
      rotten.length > 0 ? `${rotten.length} blocks are lost` : `the halves are ${legs.join(", ")}`,
    ),
  ];
}

function figures({ work: { keeper } }: Played<Spoilt>): Figure[] {
  const refused = Object.values(keeper.refused).reduce((sum, count) => sum + count, 0);
  return [
    { name: "blocks read from the disk alone", value: keeper.right, unit: "" },
    { name: "requests that it refused", value: refused, unit: "" },
  ];
}
