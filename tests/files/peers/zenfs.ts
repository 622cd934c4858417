/**
 * The peer ZenFS: its `fs.promises` on its `Port` backend, whose files lie in a worker's memory.
 *
 * It is set to its fastest that still asks the worker each time. The mount keeps no copy of all files
 * in this thread (`disableAsyncCache`) and no access times. An open file would keep what it has once
 * read, and what is written until it is closed, where no other client sees it: files that are read
 * and written through an open file have ZenFS's `DAX` flag, which passes that by.
 *
 * @module
 */

import { configure, fs, InodeFlags, mounts, Port, type RPC, umount } from "@zenfs/core";
import type { Contestant, SelfMeasuring } from "@hako/tools/bench";
import { openPeerWork, type PeerFile, type PeerFiles, type PeerWork } from "./peer_works.ts";

/** Where the worker's files are mounted. */
const MOUNT = "/worker";

/** How long a call may take: ZenFS sets a timer for each, a quarter of a second if not told. */
const TIMEOUT_MS = 20_000;

/** How often a directory is listed: a crossing for each name takes long. */
const LISTING_COUNT = 20;

/** A piece of work on ZenFS over a port. */
export async function workOnZenfs(name: PeerWork): Promise<Contestant | SelfMeasuring> {
  const module = new URL("./zenfs_worker.ts", import.meta.url);
  const worker = new Worker(module, { type: "module" });
  const ready = Promise.withResolvers<void>();
  worker.addEventListener("message", () => ready.resolve(), { once: true });
  await ready.promise; // What is posted before it listens is lost.
  const port = worker as RPC.Channel;
  await configure({
    mounts: { [MOUNT]: { backend: Port, port, timeout: TIMEOUT_MS, disableAsyncCache: true } },
  });
  mounts.get(MOUNT)!.attributes.set("no_atime");
  const work = await openPeerWork(FILES, name);
  const close = () => {
    umount(MOUNT);
    worker.terminate();
  };
  return name === "readdir-1k" ? { ...await sampled(work), close } : { run: work, close };
}

async function sampled(work: (count: number) => Promise<void>): Promise<SelfMeasuring> {
  await work(LISTING_COUNT / 4); // The compilers have seen it.
  return {
    sampleCount: LISTING_COUNT,
    async sample() {
      const startMs = performance.now();
      await work(1);
      return (performance.now() - startMs) * 1e6;
    },
  };
}

const FILES: PeerFiles = {
  async open(path) {
    const mounted = mounts.get(MOUNT)!;
    const inode = await mounted.stat(path);
    inode.flags = (inode.flags ?? 0) | InodeFlags.DAX;
    await mounted.touch(path, inode);
    return openFile(await fs.promises.open(MOUNT + path, "r+"));
  },
  async create(path) {
    await (await fs.promises.open(MOUNT + path, "wx")).close();
  },
  unlink: (path) => fs.promises.unlink(MOUNT + path),
  size: async (path) => (await fs.promises.stat(MOUNT + path)).size,
  mkdir: async (path) => void await fs.promises.mkdir(MOUNT + path),
  readdir: (path) => fs.promises.readdir(MOUNT + path),
  writeFile: (path, content) => fs.promises.writeFile(MOUNT + path, content),
  readFile: (path) => fs.promises.readFile(MOUNT + path),
};

function openFile(handle: Awaited<ReturnType<typeof fs.promises.open>>): PeerFile {
  return {
    async read(buffer, offset) {
      const { bytesRead } = await handle.read(buffer, 0, buffer.byteLength, offset);
      return buffer.subarray(0, bytesRead);
    },
    async write(bytes, offset) {
      return (await handle.write(bytes, 0, bytes.byteLength, offset)).bytesWritten;
    },
  };
}
