import { assertEquals } from "@std/assert";
import { ERRNO } from "@hako/ipc";
import { SimulatedVolume } from "./simulated_volume.ts";

const OPTIONS = { deviceBlocks: 64, ringLength: 24, keepBytes: 20_480 + 12 * 4224 };
const VOLUME_BLOCKS = 38;
const EXACT_MAX = 2 ** 53 - 1;
const SUMS: readonly (readonly [number, number])[] = [
  [VOLUME_BLOCKS, 1],
  [VOLUME_BLOCKS - 1, 2],
  [0, VOLUME_BLOCKS + 1],
  [EXACT_MAX, 1],
  [EXACT_MAX, 2 ** 32 - 1],
  [2 ** 32, 1],
  [1, 2 ** 32 - 1],
];

type Entry = readonly [block: bigint, offset: bigint];

function tableOf(entries: readonly Entry[]): Uint8Array {
  const table = new Uint8Array(entries.length * 16);
  const view = new DataView(table.buffer);
  entries.forEach(([block, offset], index) => {
    view.setBigUint64(index * 16, block, true);
    view.setBigUint64(index * 16 + 8, offset, true);
  });
  return table;
}

function transact(simulated: SimulatedVolume, table: Uint8Array, count: number): number {
  const images = new Uint8Array(3 * 4096).fill(7);
  const tag = { tagBadge: 0, tagSequence: 0, result: 0 };
  return simulated.volume.transact({ count, ...tag, table, images }, { badge: 1, sequence: 1 });
}

Deno.test("runs that leave the volume are refused, the journal's region among them", () => {
  const simulated = new SimulatedVolume(OPTIONS).open();
  for (const [first, count] of SUMS) {
    const view = new Uint8Array(Math.min(count, 40) * 4096);
    assertEquals(simulated.volume.read({ first, count, target: view }), -ERRNO.EINVAL);
    assertEquals(simulated.volume.write({ first, count, source: view }), -ERRNO.EINVAL);
  }
});

Deno.test("windows of another size than the run are refused", () => {
  const simulated = new SimulatedVolume(OPTIONS).open();
  for (const byteLength of [0, 4095, 4096, 8191, 8193]) {
    const view = new Uint8Array(byteLength);
    assertEquals(simulated.volume.read({ first: 0, count: 2, target: view }), -ERRNO.EINVAL);
    assertEquals(simulated.volume.write({ first: 0, count: 2, source: view }), -ERRNO.EINVAL);
  }
});

Deno.test("an empty run is nothing to do", () => {
  const simulated = new SimulatedVolume(OPTIONS).open();
  const nothing = new Uint8Array(0);
  assertEquals(simulated.volume.read({ first: VOLUME_BLOCKS, count: 0, target: nothing }), 0);
  assertEquals(simulated.volume.write({ first: 0, count: 0, source: nothing }), 0);
});

const HOSTILE: Readonly<Record<string, readonly Entry[]>> = {
  "a block after the volume": [[0n, 0n], [38n, 0n]],
  "a block in the journal": [[40n, 0n]],
  "a block of 2^53": [[1n << 53n, 0n]],
  "a block of 2^64 - 1": [[(1n << 64n) - 1n, 0n]],
  "a block whose low word alone is right": [[1n << 32n, 0n]],
  "the same block twice": [[5n, 0n], [6n, 0n], [5n, 4096n]],
  "an offset that leaves the images by a byte": [[5n, 8193n]],
  "an offset at the images' end": [[5n, 12288n]],
  "an offset of 2^32": [[5n, 1n << 32n]],
  "an offset of 2^53 - 1": [[5n, (1n << 53n) - 1n]],
  "an offset of 2^64 - 4096": [[5n, (1n << 64n) - 4096n]],
};

for (const [what, entries] of Object.entries(HOSTILE)) {
  Deno.test(`transact() refuses ${what}, whole`, () => {
    const simulated = new SimulatedVolume(OPTIONS).open();
    assertEquals(transact(simulated, tableOf(entries), entries.length), -ERRNO.EINVAL);
    assertEquals(simulated.readStamps(), new Uint32Array(VOLUME_BLOCKS));
    assertEquals(simulated.volume.lastTag(1).known, 0);
  });
}

Deno.test("transact() refuses a count that is not its table's", () => {
  const simulated = new SimulatedVolume(OPTIONS).open();
  const table = tableOf([[0n, 0n], [1n, 0n]]);
  for (const count of [0, 1, 3, 1024, 1025, 2 ** 32 - 1]) {
    assertEquals(transact(simulated, table, count), -ERRNO.EINVAL);
  }
  assertEquals(transact(simulated, new Uint8Array(1025 * 16), 1025), -ERRNO.EINVAL);
  assertEquals(transact(simulated, table, 2), 2);
});

Deno.test("transact() takes images that overlap or stand at odd offsets", () => {
  const simulated = new SimulatedVolume(OPTIONS).open();
  assertEquals(transact(simulated, tableOf([[0n, 0n], [1n, 0n], [2n, 1n], [3n, 8192n]]), 4), 4);
  assertEquals([...simulated.readStamps().subarray(0, 5)].map((stamp) => stamp & 0xff), [
    7,
    7,
    7,
    7,
    0,
  ]);
});

Deno.test("transact() of no blocks notes its tag", () => {
  const simulated = new SimulatedVolume(OPTIONS).open();
  const windows = { table: new Uint8Array(0), images: new Uint8Array(0) };
  const request = { count: 0, tagBadge: 3, tagSequence: 4, result: -5, ...windows };
  assertEquals(simulated.volume.transact(request, { badge: 1, sequence: 1 }), 0);
  const tag = { known: 1, tagBadge: 3, tagSequence: 4, result: -5 };
  assertEquals(simulated.open().volume.lastTag(1), tag);
});

Deno.test("a client's tag is told to that client alone, and the oldest of 65 is forgotten", () => {
  const simulated = new SimulatedVolume(OPTIONS).open();
  for (let badge = 1; badge <= 65; badge++) {
    simulated.execute({ kind: "transact", blocks: [1], stamp: badge }, 1, badge);
  }
  const known = (badge: number): number => simulated.volume.lastTag(badge).known;
  assertEquals([known(1), known(2), known(65), known(66)], [0, 1, 1, 0]);
  simulated.open();
  assertEquals([known(1), known(2), known(65), known(66)], [0, 1, 1, 0]);
});
