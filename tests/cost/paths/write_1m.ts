/**
 * A write of 1 MiB: from the window to the host's file with no copy, and from memory of the program.
 *
 * @module
 */

import type { CostPath, Place, Sample, TablePlan } from "../cost_path.ts";
import { openStack, placeOf, splitOperations } from "../measuring/file_stack.ts";
import { copyUs, hostTransferUs } from "../measuring/host_file.ts";
import { countEach, COUNTING_PERMISSIONS } from "../measuring/switches.ts";

const MiB = 1024 * 1024;

/** The client's window: a part of it is the buffer that is written from. */
const WINDOW = 16 * MiB;

const SPLIT = {
  client: {
    lane: "client",
    name: "the client, its request there and back",
    how: "the whole less what `fs` had",
  },
  fs: {
    lane: "fs",
    name: "file server: the file's map, times; requests there and back",
    how: "its trace less that of `storage`",
  },
  storage: {
    lane: "storage",
    name: "storage server: whole blocks go past the journal; requests there and back",
    how: "its trace less that of `disk`",
  },
  disk: { lane: "disk", name: "driver", how: "its trace less the host's write" },
  pwrite: {
    lane: "host",
    name: "seek and write of the image: the one copy, by the host's kernel",
    how: "by itself, in one thread",
  },
} as const;

const window: TablePlan = {
  title: "From the window, over blocks that the file has",
  unit: "us",
  steps: SPLIT,
  whole: { name: "a write", how: "closed loop, nobody observes" },
  beside: {
    floor: { name: "floor: Deno's own seek and write of 1 MiB to a host file", how: "closed loop" },
    copy: { name: "a copy of 1 MiB in memory, for comparison", how: "a tight loop" },
    own: {
      name: "the same from memory of the program: one copy into the window",
      how: "closed loop",
    },
  },
  counts: {
    switches: { name: "context switches of a write", how: "`perf stat`" },
    calls: { name: "system calls of a write", how: "`perf stat`" },
    futex: { name: "of these `futex`", how: "`perf stat`" },
  },
};

const synced: TablePlan = {
  title: "The same, and `syncDataSync` after it",
  unit: "us",
  steps: {
    ...SPLIT,
    disk: { ...SPLIT.disk, name: "driver, and the host's flush" },
    pwrite: { ...SPLIT.pwrite, name: "seek and write of the image" },
  },
  whole: { name: "a write that is on the disk", how: "closed loop, nobody observes" },
  beside: {
    sync: { name: "floor: Deno's own write and `syncDataSync` of a host file", how: "closed loop" },
  },
  counts: {},
};

/** A write of 1 MiB. */
export const write1m: CostPath = {
  name: "write-1m",
  what: "A write of 1 MiB",
  tables: { window, synced },
  parts: {
    window: { measure: writing },
    own: { measure: writingOwn },
    synced: { measure: syncing },
    host: { measure: hosting },
    counts: { measure: counting, permissions: COUNTING_PERMISSIONS },
  },
};

async function writing({ directory }: Place): Promise<Sample> {
  await using stack = await openStack(directory, WINDOW);
  const { file, window } = stack;
  const buffer = window.subarray(WINDOW - MiB).fill(9);
  const { whole, client, fs, storage, disk } = splitOperations(
    stack.system,
    (at) => written(file.writeSync(buffer, placeOf(at, MiB))),
  );
  const pwrite = hostTransferUs(directory, MiB, "write");
  return {
    ...{ "window.whole": whole, "window.client": client },
    ...{ "window.fs": fs, "window.storage": storage },
    "window.disk": Math.max(0, disk - pwrite),
  };
}

async function writingOwn({ directory }: Place): Promise<Sample> {
  await using stack = await openStack(directory, WINDOW);
  const { file } = stack;
  const buffer = new Uint8Array(MiB).fill(9);
  const { whole } = splitOperations(
    stack.system,
    (at) => written(file.writeSync(buffer, placeOf(at, MiB))),
  );
  return { "window.own": whole };
}

async function syncing({ directory }: Place): Promise<Sample> {
  await using stack = await openStack(directory, WINDOW);
  const { file, window } = stack;
  const buffer = window.subarray(WINDOW - MiB).fill(9);
  const { whole, client, fs, storage, disk } = splitOperations(stack.system, (at) => {
    written(file.writeSync(buffer, placeOf(at, MiB)));
    file.syncDataSync();
  });
  const pwrite = hostTransferUs(directory, MiB, "write");
  return {
    ...{ "synced.whole": whole, "synced.client": client },
    ...{ "synced.fs": fs, "synced.storage": storage },
    "synced.disk": Math.max(0, disk - pwrite),
    "synced.pwrite": pwrite,
  };
}

function hosting({ directory }: Place): Promise<Sample> {
  const us = hostTransferUs(directory, MiB, "write");
  return Promise.resolve({
    ...{ "window.floor": us, "window.pwrite": us, "window.copy": copyUs(MiB) },
    "synced.sync": hostTransferUs(directory, MiB, "write and sync"),
  });
}

async function counting({ directory }: Place): Promise<Sample> {
  await using stack = await openStack(directory, WINDOW);
  const { file, window } = stack;
  const buffer = window.subarray(WINDOW - MiB).fill(9);
  const counts = await countEach((at) => written(file.writeSync(buffer, placeOf(at, MiB))));
  return Object.fromEntries(
    (["switches", "calls", "futex"] as const).flatMap((name) =>
      counts[name] === undefined ? [] : [[`window.${name}`, counts[name]]]
    ),
  );
}

function written(count: number): void {
  if (count !== MiB) throw new Error(`Cannot go on: wrote ${count} bytes`);
}
