/**
 * `full-disk`: two clients fill a file system, make room, and fill it again, while its servers die.
 * At first the host has no room for the image, then the file system is full, or out of inodes.
 *
 * ```text
 *   filler-1, filler-2 ──▶ fs ──▶ storage ──▶ host (little room) ──▶ disk
 * ```
 *
 * @module
 */

import { Block } from "@hako/drivers/block";
import { FileSystem, FileSystemClient, type FileSystemUsage } from "@hako/fs-server";
import { defineSystem, type System, type SystemManifest } from "@hako/kernel";
import { filesOnImage } from "../systems/files_on_image.ts";
import type { FillerOptions, FillerResult } from "./domains/filler.ts";
import { giveRoom, HostRoom, roomFor } from "./domains/host_room.ts";
import { checkedByE2fsck } from "./foreign_tools.ts";
import {
  type Check,
  check,
  type Played,
  type Scenario,
  type ScenarioContext,
  type Stage,
} from "./scenario.ts";

const MiB = 1024 * 1024;
const IMAGE_BYTES = 24 * MiB;
const BLOCK_BYTES = 4096;

/** One inode for so many bytes: few, so that they run out, too. */
const INODE_RATIO_BYTES = 131_072;

const BUFFER_BYTES = MiB;

const CLIENTS = ["filler-1", "filler-2"];

/** How often each of them must be told that there is no room. */
const TIMES = 6;

/** Blocks that the host has left when the work begins, and refusals until it has more. */
const HOST_ROOM_BLOCKS = 600;
const HOST_REFUSALS = 4;

/** How often a server may die: that is not what is tried. */
const LENIENT = { limit: 1_000, windowMs: 1_000 };

/** The clients' model is in their memory. */
const ONCE = { limit: 0, windowMs: 1_000 };

/** How often it is looked whether the host has refused enough. */
const LOOK_MS = 20;

/** What came of the work. */
interface Filled {
  readonly clients: readonly FillerResult[];
  /** Writes that the host refused. */
  readonly refused: number;
  /** Before and after. */
  readonly usage: readonly [FileSystemUsage, FileSystemUsage];
}

/** The host's room, for the process of the scenario: it plays one. */
let roomMemory: SharedArrayBuffer | undefined;

/** No room. */
export const fullDisk: Scenario<Filled> = {
  name: "full-disk",
  story: "the host, the file system and its inodes run out of room; servers die",
  durationMs: 0,
  faults: ["fs:terminate@times=4", "storage:terminate@times=4", "disk:terminate@times=2"],
  mayFailWith: ["ENOSPC"],
  manifest,
  workload: work,
  checks: judge,
  figures: ({ work: { clients } }) => [
    { name: "written and found again", value: bytesOf(clients) / 1e6, unit: "MB" },
  ],
};

function manifest({ image: path, seed }: ScenarioContext): SystemManifest {
  const room = roomMemory = roomFor(IMAGE_BYTES / BLOCK_BYTES);
  const { disk, ...others } = filesOnImage({
    ...{ path, createBytes: IMAGE_BYTES, inodeRatioBytes: INODE_RATIO_BYTES, restart: LENIENT },
  });
  return defineSystem({
    base: import.meta.url,
    domains: {
      ...others,
      disk: { ...disk, serves: { "disk-medium": Block } },
      host: {
        kind: "driver",
        module: "./domains/thin_disk.ts",
        serves: { disk: Block },
        uses: ["disk-medium"],
        options: { device: "disk-medium", room },
        restart: LENIENT,
      },
      ...Object.fromEntries(CLIENTS.map((name, index) => [name, {
        kind: "app" as const,
        module: "./domains/filler.ts",
        uses: ["files"],
        windows: { buffers: BUFFER_BYTES },
        options: {
          ...{ seed: seed + index, directory: `/${name}`, times: TIMES },
        } satisfies FillerOptions,
        restart: ONCE,
        start: "request" as const,
      }])),
    },
  });
}

async function work(system: System, stage: Stage): Promise<Filled> {
  const files = await system.connect(FileSystem, "files");
  const fs = new FileSystemClient(files, await system.window(BUFFER_BYTES));
  const before = fs.statfsSync();
  const room = new HostRoom(roomMemory!);
  room.limit(HOST_ROOM_BLOCKS);
  const told = new Map<string, number>();
  for (const name of CLIENTS) {
    stage.watch(name, (count) => {
      told.set(name, count);
      const all = told.values().reduce((sum, each) => sum + each, 0);
      stage.progress("times full", all, CLIENTS.length * TIMES);
    });
    await system.start(name);
  }
  const results = Promise.all(CLIENTS.map((name) => stage.finished<FillerResult>(system, name)));
  let isDone = false;
  results.then(() => isDone = true, () => isDone = true);
  while (!isDone && room.refused < HOST_REFUSALS) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  giveRoom(room);
  const clients = await results;
  return { clients, refused: room.refused, usage: [before, fs.statfsSync()] };
}

async function judge({ context, work }: Played<Filled>): Promise<Check[]> {
  const { clients, refused, usage: [before, after] } = work;
  const failures = clients.map(({ failure }) => failure).filter((text) => text !== "");
  const sum = (why: keyof FillerResult["full"]) =>
    clients.reduce((all, { full }) => all + full[why], 0);
  return [
    check(
      "everything that was synced is there, and not a byte more",
      failures.length === 0 && bytesOf(clients) > IMAGE_BYTES,
      failures[0] ?? `${(bytesOf(clients) / 1e6).toFixed(1)} MB found again`,
    ),
    check(
      "the file system, its inodes, and the host run out of room",
      sum("files") > 0 && sum("names") > 0 && sum("host") > 0 && refused > 0,
      `${sum("files")}, ${sum("names")} and ${
        sum("host")
      } times; the host refused ${refused} writes`,
    ),
    check(
      "room that was given up can be used again, all of it",
      after.blocksFree === before.blocksFree && after.inodesFree === before.inodesFree,
      `${before.blocksFree} blocks and ${before.inodesFree} inodes were free before, ` +
        `${after.blocksFree} and ${after.inodesFree} are`,
    ),
    await checkedByE2fsck(context.image),
  ];
}

function bytesOf(clients: readonly FillerResult[]): number {
  return clients.reduce((sum, { bytes }) => sum + bytes, 0);
}
