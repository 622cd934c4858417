/**
 * A driver that is held up in a request until its successor serves, and then goes on: neither the disk
 * nor a window that it held may be touched by it.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { Block, BLOCK_BYTES } from "@hako/drivers/block";
import type { Client } from "@hako/ipc";
import type { DomainManifest, System } from "@hako/kernel";
import { bootDisks, hostDisk, memoryDisk } from "./disk_domains.ts";

const BLOCKS = 16;

/** A driver that computes for so long without a beat is taken to hang. */
const HANG_MS = 200;

/** What the first life is held up in, and what the clients do in the meantime. */
interface Case {
  readonly what: string;
  /** The request. */
  begin(disk: Client<Block>, window: Uint8Array): Promise<number>;
  /** What makes the late end of that request show. */
  meanwhile(disk: Client<Block>, window: Uint8Array): Promise<void>;
  /** What the window, and the disk's first block, hold at the end: a byte each. */
  readonly left: { readonly window: number; readonly disk: number };
}

const overwrite = async (disk: Client<Block>, window: Uint8Array, value: number) => {
  const source = window.subarray(0, BLOCK_BYTES).fill(value);
  assertEquals(await disk.call("write", { first: 0, count: 1, source }), 1);
};

const CASES: readonly Case[] = [
  {
    what: "read",
    begin: (disk, window) => {
      return disk.call("read", { first: 0, count: 1, target: window.subarray(0, BLOCK_BYTES) });
    },
    meanwhile: (_disk, window) => Promise.resolve(void window.fill(7)),
    left: { window: 7, disk: 1 },
  },
  {
    what: "write",
    begin: (disk, window) => {
      const source = window.subarray(0, BLOCK_BYTES).fill(2);
      return disk.call("write", { first: 0, count: 1, source });
    },
    meanwhile: async (disk, window) => {
      await overwrite(disk, window, 3);
      window.fill(2); // What a late write would take for the block's content.
    },
    left: { window: 2, disk: 3 },
  },
  {
    what: "zero",
    begin: (disk) => disk.call("zero", { first: 0, count: 1 }),
    meanwhile: (disk, window) => overwrite(disk, window, 4),
    left: { window: 4, disk: 4 },
  },
];

async function play(
  { begin, meanwhile, left }: Case,
  driver: DomainManifest,
): Promise<void> {
  const stop = new SharedArrayBuffer(4);
  // The second request: the first one puts something on the disk.
  const fault = { domain: "disk", point: "runtime.request", visit: 2, kind: "blocked" } as const;
  const disks = { disk: { ...driver, hangMs: HANG_MS } };
  await using system: System = await bootDisks(disks, { faults: [{ ...fault, stop }] });
  const disk = await system.connect(Block, "disk");
  const window = await system.window(BLOCKS * BLOCK_BYTES);
  await overwrite(disk, window, 1);
  await begin(disk, window);
  await meanwhile(disk, window);
  assertEquals((await system.status()).zombies, 1, "it is still held up");
  Atomics.store(new Int32Array(stop), 0, 1);
  while ((await system.status()).zombies > 0); // It goes on, and finds that it was fenced.
  assertEquals(window[0], left.window);
  await disk.call("read", { first: 0, count: 1, target: window.subarray(0, BLOCK_BYTES) });
  assertEquals([...new Set(window.subarray(0, BLOCK_BYTES))], [left.disk]);
}

for (const scene of CASES) {
  Deno.test(`a disk on an image that was held up in a ${scene.what} does it no more`, async () => {
    const path = Deno.makeTempFileSync({ suffix: ".img" });
    try {
      await play(scene, hostDisk(path, { createBytes: BLOCKS * BLOCK_BYTES }));
    } finally {
      Deno.removeSync(path);
    }
  });

  Deno.test(`a disk in memory that was held up in a ${scene.what} does it no more`, async () => {
    await play(scene, memoryDisk(BLOCKS));
  });
}
