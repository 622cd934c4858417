import { assert, assertEquals, assertRejects } from "@std/assert";
import { Block, BLOCK_BYTES } from "@hako/drivers/block";
import { type Client, OsError } from "@hako/ipc";
import type { DomainManifest, System } from "@hako/kernel";
import { bootDisks, faultyDisk, hostDisk, memoryDisk, remoteDisk } from "./disk_domains.ts";

const BLOCKS = 64;

interface Rig extends AsyncDisposable {
  readonly system: System;
  /** The disk that fails. */
  readonly faulty: Client<Block>;
  /** The honest one below it. */
  readonly disk: Client<Block>;
  readonly window: Uint8Array;
}

async function rig(faults: readonly unknown[], seed = 1): Promise<Rig> {
  const system = await bootDisks({ disk: memoryDisk(BLOCKS), faulty: faultyDisk(faults, seed) });
  return {
    system,
    faulty: await system.connect(Block, "faulty"),
    disk: await system.connect(Block, "disk"),
    window: await system.window(16 * BLOCK_BYTES),
    [Symbol.asyncDispose]: () => system.halt(),
  };
}

/** What each of some writes answers, one after the other. */
async function outcomes({ faulty, window }: Rig, count: number): Promise<string[]> {
  const source = window.subarray(0, BLOCK_BYTES);
  const heard: string[] = [];
  for (let index = 0; index < count; index++) {
    const write = faulty.call("write", { first: index % BLOCKS, count: 1, source });
    heard.push(await write.then(String, (error: OsError) => error.code));
  }
  return heard;
}

const MIXED = [
  { kind: "error", probability: 0.2 },
  { kind: "full", probability: 0.2 },
  { kind: "torn", probability: 0.3 },
];

Deno.test("the domain of a faulty disk meets the same faults by the same seed", async () => {
  await using one = await rig(MIXED, 7);
  await using other = await rig(MIXED, 7);
  await using third = await rig(MIXED, 8);
  const heard = await outcomes(one, 60);
  assertEquals(new Set(heard), new Set(["1", "EIO", "ENOSPC"]));
  assertEquals(await outcomes(other, 60), heard);
  assert((await outcomes(third, 60)).join() !== heard.join());
});

Deno.test("a plan of faults goes on over the death of the faulty disk", async () => {
  await using made = await rig([...MIXED, { kind: "error", at: 30 }], 7);
  await using undisturbed = await rig([...MIXED, { kind: "error", at: 30 }], 7);
  const heard = await outcomes(made, 20);
  await made.system.restart("faulty");
  heard.push(...await outcomes(made, 20));
  assertEquals(heard, await outcomes(undisturbed, 40));
});

Deno.test("rot turns a bit on the disk below, in the window of whoever reads", async () => {
  await using made = await rig([{ kind: "rot", at: 1 }]);
  const { faulty, disk, window } = made;
  const [source, first, again] = [0, 1, 2].map((part) =>
    window.subarray(part * BLOCK_BYTES, (part + 1) * BLOCK_BYTES)
  );
  source!.fill(0x55);
  await faulty.call("write", { first: 3, count: 1, source: source! });
  await faulty.call("read", { first: 3, count: 1, target: first! });
  assertEquals(first!.filter((byte) => byte !== 0x55).length, 1);
  await disk.call("read", { first: 3, count: 1, target: again! });
  assertEquals(again, first);
});

Deno.test("a torn write is torn on the disk below", async () => {
  await using made = await rig([{ kind: "torn", at: 1 }]);
  const { faulty, disk, window } = made;
  const source = window.subarray(0, 5 * BLOCK_BYTES).fill(9);
  const write = () => faulty.call("write", { first: 3, count: 5, source });
  assertEquals((await assertRejects(write, OsError)).code, "EIO");
  const target = window.subarray(5 * BLOCK_BYTES, 10 * BLOCK_BYTES);
  await disk.call("read", { first: 3, count: 5, target });
  const written = target.filter((byte) => byte === 9).length;
  assert(written > 0 && written < target.length && written % 512 === 0, `${written} bytes`);
});

Deno.test("a request that is slow holds up no other, and is done once its disk has died", async () => {
  await using made = await rig([{ kind: "slow", at: 1, delayMs: 300 }]);
  const { system, faulty, disk, window } = made;
  const source = window.subarray(0, BLOCK_BYTES).fill(9);
  const slow = faulty.call("write", { first: 0, count: 1, source });
  const target = window.subarray(BLOCK_BYTES, 2 * BLOCK_BYTES);
  assertEquals(await faulty.call("read", { first: 1, count: 1, target }), 1);
  await disk.call("read", { first: 0, count: 1, target });
  assertEquals(target[0], 0);
  system.terminate("faulty"); // The successor does it, and at once: it was the first, and is no more.
  assertEquals(await slow, 1);
  await disk.call("read", { first: 0, count: 1, target });
  assertEquals(target[0], 9);
});

Deno.test("options of no use end the boot, and say which they are", async () => {
  const bad: readonly [string, DomainManifest, string][] = [
    ["faulty", faultyDisk([{ kind: "gremlin" }]), 'faults[0].kind is "gremlin"'],
    ["host-file", { ...hostDisk("/tmp"), options: {} }, "path is undefined"],
    ["nbd-client", remoteDisk({ address: { host: "127.0.0.1", port: 0 } }), "port is 0"],
  ];
  for (const [name, tested, says] of bad) {
    const domains = {
      disk: memoryDisk(4),
      [name]: { ...tested, serves: { tested: Block } },
    };
    await assertRejects(() => bootDisks(domains), OsError, says);
  }
});
