import { assertEquals } from "@std/assert";
import { ERRNO } from "@hako/ipc";
import { SimulatedVolume } from "./simulated_volume.ts";

const OPTIONS = { deviceBlocks: 64, ringLength: 24, keepBytes: 20_480 + 12 * 4224 };
const VOLUME_BLOCKS = 38;
const VOLUME_BYTES = VOLUME_BLOCKS * 4096;
const EXACT_MAX = 2 ** 53 - 1;

/** Ranges that leave the volume, or are not of whole sectors. */
const RANGES: readonly (readonly [number, number])[] = [
  [VOLUME_BYTES, 512],
  [VOLUME_BYTES - 512, 1024],
  [0, VOLUME_BYTES + 512],
  [EXACT_MAX, 512],
  [EXACT_MAX - 511, 512],
  [EXACT_MAX - 511, 2 ** 32 - 512],
  [2 ** 32, 4096],
  [4096, 2 ** 32 - 512],
  [1, 512],
  [511, 4096],
  [0, 1],
  [0, 511],
  [4096, 4095],
  [EXACT_MAX, 0],
  [1, 0],
];

/** What each operation on a range answers. */
function answersTo(simulated: SimulatedVolume, offset: number, byteLength: number): unknown[] {
  const { volume } = simulated;
  const later = () => {
    throw new Error("nothing is begun");
  };
  const view = new Uint8Array(Math.min(byteLength, 40 * 4096));
  const table = new Uint8Array(16);
  const entry = new DataView(table.buffer);
  entry.setBigUint64(0, BigInt(offset), true);
  entry.setBigUint64(8, BigInt(byteLength), true);
  return [
    volume.read({ offset, target: view }, { later }),
    volume.write({ offset, flags: 0, source: view }, { later }),
    volume.write({ offset, flags: 1, source: view }, { later }),
    volume.zero({ offset, byteLength, flags: 0 }),
    volume.trim({ offset, byteLength, flags: 0 }),
    volume.extent({ offset, byteLength }),
    volume.readVector({ count: 1, table, target: view }),
    volume.writeVector({ count: 1, flags: 0, table, source: view }),
  ];
}

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

Deno.test("ranges that leave the volume or split a sector are refused by every operation", () => {
  const simulated = new SimulatedVolume(OPTIONS).open();
  for (const [offset, byteLength] of RANGES) {
    const answers = answersTo(simulated, offset, byteLength);
    assertEquals(answers, Array(answers.length).fill(-ERRNO.EINVAL), `${offset}, ${byteLength}`);
  }
  assertEquals(
    simulated.device.events.length,
    new SimulatedVolume(OPTIONS).open().device.events.length,
  );
});

Deno.test("ranges above 32 MiB are refused where a request has no window to bound it", () => {
  const { volume } = new SimulatedVolume(OPTIONS).open();
  const range = { offset: 0, byteLength: 32 * 1024 * 1024 + 512, flags: 0 };
  const answers = [volume.zero(range), volume.trim(range), volume.extent(range)];
  assertEquals(answers, [-ERRNO.EINVAL, -ERRNO.EINVAL, -ERRNO.EINVAL]);
});

Deno.test("an empty range is nothing to do, and holds nothing", () => {
  const simulated = new SimulatedVolume(OPTIONS).open();
  for (const offset of [0, 512, VOLUME_BYTES]) {
    const { EINVAL } = ERRNO;
    assertEquals(answersTo(simulated, offset, 0), [0, 0, 0, 0, 0, -EINVAL, 0, 0]);
  }
});

Deno.test("flags that mean nothing are refused", () => {
  const { volume } = new SimulatedVolume(OPTIONS).open();
  const later = () => {
    throw new Error("nothing is begun");
  };
  const source = new Uint8Array(512);
  const table = new Uint8Array(0);
  for (const flags of [2, 3, 4, 2 ** 31, 2 ** 32 - 1]) {
    assertEquals(volume.write({ offset: 0, flags, source }, { later }), -ERRNO.EINVAL);
    assertEquals(volume.trim({ offset: 0, byteLength: 512, flags }), -ERRNO.EINVAL);
    assertEquals(volume.writeVector({ count: 0, flags, table, source: table }), -ERRNO.EINVAL);
  }
  assertEquals(volume.zero({ offset: 0, byteLength: 512, flags: 4 }), -ERRNO.EINVAL);
});

const VECTORS: Readonly<Record<string, readonly Entry[]>> = {
  "a piece after the volume": [[0n, 512n], [BigInt(VOLUME_BYTES), 512n]],
  "a piece of the journal": [[BigInt(VOLUME_BYTES) + 4096n, 1024n]],
  "a piece that splits a sector": [[1n, 1024n]],
  "pieces that split a sector together": [[0n, 1000n], [4096n, 24n]],
  "less than the window": [[0n, 512n]],
  "more than the window": [[0n, 512n], [0n, 1024n]],
  "a sum that wraps": [[0n, 1024n], [0n, 1n << 63n], [0n, 1n << 63n]],
  "an offset of 2^64 - 512": [[(1n << 64n) - 512n, 1024n]],
  "an offset of 2^53": [[1n << 53n, 1024n]],
  "a length of 2^53": [[0n, 1n << 53n]],
};

for (const [what, entries] of Object.entries(VECTORS)) {
  Deno.test(`vectors of ${what} are refused, whole`, () => {
    const simulated = new SimulatedVolume(OPTIONS).open();
    const table = tableOf(entries);
    const count = entries.length;
    const view = new Uint8Array(1024).fill(7);
    const { volume } = simulated;
    assertEquals(volume.writeVector({ count, flags: 0, table, source: view }), -ERRNO.EINVAL);
    assertEquals(volume.readVector({ count, table, target: view }), -ERRNO.EINVAL);
    assertEquals(simulated.readSectors(), new Uint32Array(VOLUME_BLOCKS * 8));
  });
}

Deno.test("a vector's count that is not its table's is refused", () => {
  const { volume } = new SimulatedVolume(OPTIONS).open();
  const view = new Uint8Array(1024);
  const table = tableOf([[0n, 512n], [512n, 512n]]);
  for (const count of [0, 1, 3, 1024, 1025, 2 ** 32 - 1]) {
    assertEquals(volume.readVector({ count, table, target: view }), -ERRNO.EINVAL);
  }
  const target = new Uint8Array(0);
  const long = new Uint8Array(1025 * 16);
  assertEquals(volume.readVector({ count: 1025, table: long, target }), -ERRNO.EINVAL);
  assertEquals(volume.readVector({ count: 1024, table: long.subarray(16), target }), 0);
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
