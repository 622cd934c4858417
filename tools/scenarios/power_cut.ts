/**
 * `power-cut`: the power fails at many moments of a file system's work, and once more while it comes
 * up again.
 *
 * ```text
 *   syncer-1, syncer-2 ──▶ fs ──▶ storage ──▶ recorder ──▶ disk
 *                                                │
 *                         tape: all writes and flushes, in order
 *                                                │ cut anywhere, seeded
 *                    image: what was flushed, and of the rest some sectors
 *                                                │
 *                  the same stack boots on it: is there what was synced?
 * ```
 *
 * The system at work need not end for that: whatever a cut leaves on a disk follows from what had been
 * written and flushed before.
 *
 * @module
 */

import { FileSystem, FileSystemClient } from "@hako/fs-server";
import { Block } from "@hako/drivers/block";
import { OsError } from "@hako/ipc";
import {
  boot,
  defineSystem,
  type DomainManifest,
  type System,
  type SystemManifest,
} from "@hako/kernel";
import { filesOnImage } from "../systems/files_on_image.ts";
import { blankTape, type Cut, DiskTape } from "./domains/disk_tape.ts";
import { brokenPromise } from "./domains/synced_files.ts";
import type { SyncWorkerOptions, SyncWorkerResult } from "./domains/sync_worker.ts";
import { checkedByE2fsck } from "./foreign_tools.ts";
import { type Random, randomFrom, shuffled } from "./random.ts";
import {
  type Check,
  check,
  type Figure,
  type Scenario,
  type ScenarioContext,
  type Stage,
} from "./scenario.ts";

const MiB = 1024 * 1024;
const IMAGE_BYTES = 32 * MiB;
const TAPE_BYTES = 96 * MiB;
const RECOVERY_TAPE_BYTES = 16 * MiB;
const BUFFER_BYTES = MiB;

const CLIENTS = ["syncer-1", "syncer-2"];

/** Operations of each client before the first cut. */
const STEPS = 200;

/** Power cuts; after every fifth one the power fails again while the system comes up. */
const CUTS = 15;
const CUT_AGAIN_EVERY = 5;

/** How often a server may die: that is not what is tried. */
const LENIENT = { limit: 1_000, windowMs: 1_000 };

/** The clients' promises are in their memory. */
const ONCE = { limit: 0, windowMs: 1_000 };

/** What one power cut came to. */
interface CutResult {
  /** When, in events of the tape. */
  readonly end: number;
  /** Writes that the cut could spoil. */
  readonly loose: number;
  /** Whether it came while the system came up after another. */
  readonly isSecond: boolean;
  /** What was promised and is not there; `undefined` if nothing. */
  readonly broken: string | undefined;
  /** What e2fsck said of the image afterwards. */
  readonly fsck: Check;
  /** From the start of the stack to its first answer. */
  readonly bootMs: number;
}

/** What came of the work. */
interface Cuts {
  readonly clients: readonly SyncWorkerResult[];
  readonly events: number;
  readonly cuts: readonly CutResult[];
}

/** The power fails. */
export const powerCut: Scenario<Cuts> = {
  name: "power-cut",
  story: `the power fails at ${CUTS} moments, and again during recovery`,
  durationMs: 0,
  faults: ["fs:terminate@times=3", "storage:terminate@times=3"],
  manifest,
  workload: work,
  checks: ({ work }) => judge(work),
  figures: ({ work }) => figures(work),
};

/** The tape of a scenario's process: it plays one. */
let tapeMemory: SharedArrayBuffer | undefined;

function manifest({ image, seed }: ScenarioContext): SystemManifest {
  const tape = tapeMemory = blankTape(TAPE_BYTES);
  return defineSystem({
    base: import.meta.url,
    domains: {
      ...recordedStack(image, tape),
      ...Object.fromEntries(CLIENTS.map((name, index) => [name, {
        kind: "app" as const,
        module: "./domains/sync_worker.ts",
        uses: ["files"],
        windows: { buffers: BUFFER_BYTES },
        options: {
          ...{ seed: seed + index, steps: STEPS, tape, directory: `/${name}` },
        } satisfies SyncWorkerOptions,
        restart: ONCE,
      }])),
    },
  });
}

/** A stack whose disk is written down on a tape. */
function recordedStack(path: string, tape: SharedArrayBuffer): Record<string, DomainManifest> {
  const { disk, ...others } = stackOn(path);
  return {
    ...others,
    disk: { ...disk!, serves: { "disk-medium": Block } },
    recorder: {
      kind: "driver",
      module: "./domains/recording_disk.ts",
      serves: { disk: Block },
      uses: ["disk-medium"],
      options: { device: "disk-medium", tape },
      restart: LENIENT,
    },
  };
}

/** The stack of all boots. Its disk tears blocks when the power fails, and the journal knows. */
function stackOn(path: string): Record<string, DomainManifest> {
  const stack = filesOnImage({ path, createBytes: IMAGE_BYTES, restart: LENIENT });
  const options = { ...stack.storage.options, atomicWrites: "journal" };
  const domains = { ...stack, storage: { ...stack.storage, options } };
  // Many boots follow, and each would start spares that nobody needs.
  return Object.fromEntries(
    Object.entries(domains).map(([name, domain]) => [name, { ...domain, spare: false }]),
  );
}

async function work(system: System, stage: Stage): Promise<Cuts> {
  const tape = new DiskTape(tapeMemory!);
  const from = tape.length; // The file system has been made.
  for (const name of CLIENTS) {
    stage.watch(name, (done) => stage.progress("files", done, 2 * STEPS));
  }
  const clients = await Promise.all(
    CLIENTS.map((name) => stage.finished<SyncWorkerResult>(system, name)),
  );
  const events = tape.length;
  const random = randomFrom(stage.context.seed);
  const moments = shuffled(tape.cutsBetween(from, events), random).slice(0, CUTS);
  const cuts: CutResult[] = [];
  for (const [index, cut] of moments.entries()) {
    await stage.finished(system, CLIENTS[0]!); // Throws if the user wants to stop.
    stage.progress("power cuts", moments.length + index, 2 * moments.length);
    const isTwice = index % CUT_AGAIN_EVERY === 0;
    cuts.push(...await cutPower(stage, { clients, tape, cut, random, isTwice }));
  }
  stage.progress("power cuts", 1, 1);
  return { clients, events, cuts };
}

/** A power cut, and who must not suffer from it. */
interface CutOrder {
  readonly clients: readonly SyncWorkerResult[];
  readonly tape: DiskTape;
  readonly cut: Cut;
  readonly random: Random;
  /** Whether it happens again when the system comes up. */
  readonly isTwice: boolean;
}

/** Cuts the power, boots the stack on what is left, and looks; perhaps twice. */
async function cutPower(stage: Stage, order: CutOrder): Promise<CutResult[]> {
  const { tape, cut, random, isTwice } = order;
  const path = `${stage.context.temporaryDirectory}/cut.img`;
  layImage(path, undefined, tape, cut, random);
  if (!isTwice) return [await lookAfter(stage, path, order, { ...cut, isSecond: false })];
  const before = `${path}.before`;
  Deno.copyFileSync(path, before);
  const memory = blankTape(RECOVERY_TAPE_BYTES);
  const first = await lookAfter(stage, path, order, { ...cut, isSecond: false, memory });
  const recovery = new DiskTape(memory);
  const [again] = shuffled(recovery.cutsBetween(0, recovery.length), random);
  if (again === undefined) return [first];
  layImage(path, before, recovery, again, random);
  const loose = again.loose;
  return [first, await lookAfter(stage, path, order, { end: cut.end, loose, isSecond: true })];
}

/** Makes the image that a cut leaves. */
function layImage(
  path: string,
  base: string | undefined,
  tape: DiskTape,
  cut: Cut,
  random: Random,
): void {
  if (base === undefined) Deno.writeFileSync(path, new Uint8Array());
  else Deno.copyFileSync(base, path);
  using image = Deno.openSync(path, { write: true });
  if (base === undefined) image.truncateSync(IMAGE_BYTES);
  tape.replay(image, cut, random);
}

/** Boots the stack on an image, compares what is there with what was promised, and halts it. */
async function lookAfter(
  stage: Stage,
  path: string,
  { clients }: CutOrder,
  { memory, ...cut }: Cut & { readonly isSecond: boolean; readonly memory?: SharedArrayBuffer },
): Promise<CutResult> {
  const domains = memory === undefined ? stackOn(path) : recordedStack(path, memory);
  const beganMs = performance.now();
  let [bootMs, lookedMs] = [0, 0];
  let broken: string | undefined;
  try {
    await using system = await boot(defineSystem({ base: import.meta.url, domains }));
    const files = await system.connect(FileSystem, "files");
    const fs = new FileSystemClient(files, await system.window(BUFFER_BYTES));
    bootMs = performance.now() - beganMs;
    for (const { promises } of clients) {
      if (promises !== undefined) broken ??= brokenPromise(fs, promises, cut.end);
    }
    lookedMs = performance.now() - beganMs - bootMs;
  } catch (error) {
    if (!(error instanceof OsError)) throw error;
    broken = error.message; // What was flushed is enough for everything that is asked here.
  }
  stage.note(lookedMs * 1_000, broken);
  return { ...cut, broken, bootMs, fsck: await checkedByE2fsck(path) };
}

function judge({ clients, cuts }: Cuts): Check[] {
  const failures = clients.map(({ failure }) => failure).filter((text) => text !== "");
  const seconds = cuts.filter(({ isSecond }) => isSecond);
  const broken = cuts.filter((cut) => cut.broken !== undefined)
    .map((cut) => `after event ${cut.end}${cut.isSecond ? ", twice" : ""}: ${cut.broken}`);
  const most = Math.max(0, ...cuts.map(({ loose }) => loose));
  const synced = clients.reduce((sum, { promises }) => sum + (promises?.synced.length ?? 0), 0);
  return [
    check(
      "the clients' work was done until the power failed",
      failures.length === 0 && synced > 0,
      failures[0] ?? `${synced} syncs of ${clients.length} clients`,
    ),
    check(
      `the power fails at ${CUTS} moments, each with writes that may be lost or torn`,
      cuts.length - seconds.length === CUTS && cuts.every(({ loose }) => loose > 0),
      `${cuts.length - seconds.length} moments, up to ${most} writes in doubt`,
    ),
    check(
      "it fails again while the system comes up",
      seconds.length > 0,
      `${seconds.length} times`,
    ),
    check(
      "whatever had been synced is there",
      broken.length === 0 && cuts.length > 0,
      broken[0] ?? `after each of ${cuts.length} cuts`,
    ),
    fsckOf(cuts),
  ];
}

function fsckOf(cuts: readonly CutResult[]): Check {
  const bad = cuts.map(({ fsck }) => fsck).find(({ outcome }) => outcome !== "passed");
  return bad ?? check(
    "e2fsck -fn finds nothing to mend after any of them",
    cuts.length > 0,
    `${cuts.length} images`,
  );
}

function figures({ events, cuts }: Cuts): Figure[] {
  const slowest = Math.max(0, ...cuts.map(({ bootMs }) => bootMs));
  const loose = cuts.reduce((sum, cut) => sum + cut.loose, 0);
  return [
    { name: "writes and flushes of the disk", value: events, unit: "" },
    { name: "power cuts", value: cuts.length, unit: "" },
    { name: "writes in doubt at a cut", value: loose / Math.max(1, cuts.length), unit: "" },
    { name: "start after a cut, at most", value: slowest, unit: "ms" },
  ];
}
